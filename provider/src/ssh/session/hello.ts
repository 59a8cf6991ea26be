import { HostUnreachable } from "../../host-program/host.ts";
import { Hello } from "../../host-program/wire.ts";
import { badAnswer } from "./bad-answer.ts";

/** The program's first line; throws HostUnreachable when it is not ours, or runs on a Python that is too old. */
export function readHello(host: string, line: string, digest: string): Hello {
  const result = Hello.safeParse(jsonOf(line));
  if (!result.success) throw badAnswer(host, line);
  const hello = result.data;
  if (hello.program !== digest)
    throw new HostUnreachable(
      host,
      `another version of the host program answers than the one that was sent; check what runs in place of python3 there, and run again`,
    );
  if (isTooOld(hello.python)) throw new HostUnreachable(host, tooOld(host, hello.python));
  return hello;
}

/** What a line of JSON holds; undefined, which no JSON is, when it is none. */
export function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch {
    return undefined;
  }
}

/** Whether a version like "3.9.2" is too old for the host program. */
export function isTooOld(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map((part) => Number.parseInt(part, 10));
  return major < 3 || (major === 3 && minor < 11);
}

export function tooOld(host: string, version: string): string {
  return `${host} has Python ${version}; torocloud needs 3.11 or later, which Debian 12 and 13 have`;
}
