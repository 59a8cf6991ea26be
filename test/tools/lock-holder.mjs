// A process that holds the lock of a folder for some milliseconds and logs when it starts and ends.
import { appendFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { withLock } from "../../tools/lock.mjs";

const [, , folder, ms] = process.argv;
await withLock(join(folder, "lock"), async () => {
  await appendFile(join(folder, "log"), `start ${process.pid}\n`);
  await sleep(Number(ms));
  await appendFile(join(folder, "log"), `end ${process.pid}\n`);
});
