/** What to do while another process holds the lock. */
export interface LockOptions {
  /** Called once, with the process id of the holder where it is known. */
  readonly onWait?: (holder: number | undefined) => void;
  /** How long to wait before giving up, in milliseconds: one hour by default. */
  readonly waitMs?: number;
}

/** Runs `work` while no other process runs work under the same lock file; the lock of a process that died is broken. */
export function withLock<T>(lockFile: string, work: () => Promise<T>, options?: LockOptions): Promise<T>;
