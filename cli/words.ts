/** Numbers in sentences. */

/** @returns such as "1 schedule" or "1,200 schedules" */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString("en-US")} ${count === 1 ? one : many}`;
}
