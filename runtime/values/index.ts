/** The door: SQL values, operations and their results, and how they are packed into a branch's work. */

export * from "./values.ts";
export {
  countOperations,
  PACKING,
  packResults,
  packWork,
  readValue,
  unpackResults,
  unpackWork,
  writeValue,
} from "./packed.ts";
