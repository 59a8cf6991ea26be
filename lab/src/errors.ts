/** Something about a lab that the person at the keyboard can put right: the message names the thing and what to do next. */
export class LabError extends Error {
  override readonly name = "LabError";
}

/** Whether an error is "no such file or directory". */
export function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}
