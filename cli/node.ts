/** How servers are started as processes of their own. */

/**
 * Node, with flags for a server. What a transaction is made of lives for as long as the transaction, and with a thousand
 * under way that is longer than V8's young space of 16 MiB lasts: everything is moved, and moved again, by the garbage
 * collector. With 64 MiB most of it is gone before.
 */
export const serverNode = [process.execPath, "--min-semi-space-size=64", "--max-semi-space-size=64"] as const;
