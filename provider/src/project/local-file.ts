import { accessSync, closeSync, constants, openSync, readFileSync, readSync, statSync } from "node:fs";
import { sha256 } from "../artifacts/files.ts";
import { projectPath } from "./project-path.ts";

const digests = new Map<string, string>();

/** SHA-256 of a file's content, computed once for each size and time of change. */
export function fileDigest(path: string): string {
  const absolute = projectPath(path);
  const { mtimeMs, size } = statSync(absolute);
  const key = JSON.stringify([absolute, mtimeMs, size]);
  const digest = digests.get(key) ?? sha256(readFileSync(absolute));
  digests.set(key, digest);
  return digest;
}

/** Why a path cannot be read as a file: "does not exist", "is not a file"; undefined when it can. */
export function fileProblem(path: string): string | undefined {
  return readingProblem(() => {
    const stats = statSync(projectPath(path), { throwIfNoEntry: false });
    if (!stats) return "does not exist";
    if (!stats.isFile()) return "is not a file";
    accessSync(projectPath(path), constants.R_OK);
    return undefined;
  });
}

/** What `look` finds, or why the system does not let it look: a path that is too long, a file of somebody else's. */
export function readingProblem(look: () => string | undefined): string | undefined {
  try {
    return look();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    return `cannot be read (${code})`;
  }
}

/** What a kernel image is, by its first bytes; undefined for anything that QEMU's microvm cannot start. */
export function kernelFormat(path: string): "elf" | "bzImage" | undefined {
  const head = Buffer.alloc(0x210);
  const descriptor = openSync(projectPath(path), "r");
  try {
    readSync(descriptor, head, 0, head.length, 0);
  } finally {
    closeSync(descriptor);
  }
  if (isX86Elf(head)) return "elf";
  // https://docs.kernel.org/arch/x86/boot.html: boot_flag and header
  return head.readUInt16LE(0x1fe) === 0xaa55 && head.toString("latin1", 0x202, 0x206) === "HdrS"
    ? "bzImage"
    : undefined;
}

/** elf(5): magic, then e_machine: EM_386 3 or EM_X86_64 62. Multiboot unikernels may be either. */
function isX86Elf(head: Buffer): boolean {
  return head.toString("latin1", 0, 4) === "\x7fELF" && [3, 62].includes(head.readUInt16LE(18));
}
