/**
 * Whether some order of the committed transactions, one after the other, explains what each of them read: the graph of
 * their dependencies has no cycle (Adya 1999, "Weak Consistency", ch. 3; Bernstein, Hadzilacos, Goodman 1987, ch. 2).
 */

export interface Access {
  readonly transaction: string;
  /** A row, whoever holds it: `bank-a x`. */
  readonly key: string;
}

export interface Read extends Access {
  /** Who wrote what it saw; null: it was there from the beginning. */
  readonly from: string | null;
}

/** What committed transactions did. */
export interface History {
  readonly reads: readonly Read[];
  /** In the order in which they took effect, at each key. */
  readonly writes: readonly Access[];
}

/** Why one transaction comes before another. */
interface Dependency {
  readonly to: string;
  readonly why: string;
}

/** @returns a cycle in words, or null where the history is serializable */
export function cycleIn({ reads, writes }: History): string | null {
  const graph = new Map<string, Dependency[]>();
  const before = (from: string, to: string, why: string): void => {
    if (from === to) return;
    const known = graph.get(from);
    if (known === undefined) graph.set(from, [{ to, why }]);
    else known.push({ to, why });
  };
  const versions = Map.groupBy(writes, ({ key }) => key);
  for (const [key, writers] of versions)
    for (const [at, { transaction }] of writers.entries()) {
      const next = writers[at + 1];
      if (next !== undefined) before(transaction, next.transaction, `${key} was overwritten by`);
    }
  for (const { transaction, key, from } of reads) {
    if (from !== null) before(from, transaction, `${key} was read by`);
    const writers = versions.get(key) ?? [];
    const next = writers[from === null ? 0 : writers.findLastIndex((each) => each.transaction === from) + 1];
    if (next !== undefined) before(transaction, next.transaction, `what it read of ${key} was overwritten by`);
  }
  return cycleOf(graph);
}

/** Depth first, without recursion: histories may be long. */
function cycleOf(graph: ReadonlyMap<string, readonly Dependency[]>): string | null {
  const done = new Set<string>();
  for (const start of graph.keys()) {
    const path: { readonly node: string; next: number }[] = [{ node: start, next: 0 }];
    const onPath = new Set([start]);
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const edge = done.has(top.node) ? undefined : graph.get(top.node)?.[top.next];
      if (edge === undefined) {
        done.add(top.node);
        onPath.delete(top.node);
        path.pop();
        continue;
      }
      top.next += 1;
      if (onPath.has(edge.to)) return told(graph, path, edge.to);
      if (done.has(edge.to)) continue;
      onPath.add(edge.to);
      path.push({ node: edge.to, next: 0 });
    }
  }
  return null;
}

function told(
  graph: ReadonlyMap<string, readonly Dependency[]>,
  path: readonly { readonly node: string; readonly next: number }[],
  first: string,
): string {
  const cycle = path.slice(path.findIndex(({ node }) => node === first));
  const steps = cycle.map(({ node, next }) => {
    const edge = graph.get(node)?.[next - 1];
    return `${node}: ${edge?.why ?? ""} ${edge?.to ?? ""}`;
  });
  return steps.join("; ");
}
