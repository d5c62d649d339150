/** The known word that a misspelled one most likely means. */

/** How many letters differ, a swap of two neighbours counting as one (optimal string alignment). */
function distance(a: string, b: string): number {
  let older: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const change = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      let least = Math.min((previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, change);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        least = Math.min(least, (older[j - 2] ?? 0) + 1);
      row.push(least);
    }
    older = previous;
    previous = row;
  }
  return previous[b.length] ?? 0;
}

function last(name: string): string {
  return name.slice(name.lastIndexOf(".") + 1);
}

/** null where nothing comes close. A key in the wrong group (`voteMs` for `times.voteMs`) counts as close. */
export function suggestion(word: string, known: readonly string[]): string | null {
  const asked = word.toLowerCase();
  let best: { readonly name: string; readonly score: number } | null = null;
  for (const name of known) {
    const whole = distance(asked, name.toLowerCase());
    const inWrongGroup = distance(last(asked), last(name).toLowerCase()) + 1;
    const score = Math.min(whole, inWrongGroup);
    if (score <= Math.max(1, Math.floor(asked.length * 0.35)) && (best === null || score < best.score))
      best = { name, score };
  }
  return best === null ? null : best.name;
}
