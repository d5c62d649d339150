/**
 * The fake resource's work, as text that a trace can show: operations between semicolons.
 * `add k n` changes k; `read k` reads it; `no` makes the branch vote no; `fail` fails and leaves the branch
 * usable; `die` fails and does not.
 */

export type Operation =
  | { readonly kind: "add"; readonly key: string; readonly by: number }
  | { readonly kind: "read"; readonly key: string }
  | { readonly kind: "no" | "fail" | "die" };

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export function bytes(text: string): Uint8Array {
  return encoder.encode(text);
}

export function text(packed: Uint8Array): string {
  return decoder.decode(packed);
}

export function operations(work: string): Operation[] {
  return work
    .split(";")
    .map((part) => part.trim().split(" "))
    .map(([kind, key, by]) => {
      if (kind === "add" && key !== undefined) return { kind, key, by: Number(by) };
      if (kind === "read" && key !== undefined) return { kind, key };
      if (kind === "no" || kind === "fail" || kind === "die") return { kind };
      throw new Error(`no such work: ${work}`);
    });
}

/** What a prepared branch needs to commit, and to lock again after a restart. */
export interface Redo {
  readonly writes: readonly (readonly [key: string, value: number])[];
  readonly reads: readonly string[];
  readonly work: readonly string[];
}

export function packRedo(redo: Redo): Uint8Array {
  return bytes(JSON.stringify(redo));
}

export function unpackRedo(packed: Uint8Array): Redo {
  return JSON.parse(text(packed)) as Redo;
}
