export { type HostStatistics, SshPool } from "./pool.ts";
export type { PoolOptions } from "./pool-options.ts";
