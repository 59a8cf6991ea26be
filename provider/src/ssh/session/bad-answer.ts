import { HostUnreachable } from "../../host-program/host.ts";
import { visible } from "../../validation/text.ts";

const quoted = 60;

/** What a host program never writes: something else than it answers there. Holds a short piece of it, and nothing that looks like an answer, for that may be a secret. */
export function badAnswer(host: string, line: string): HostUnreachable {
  return new HostUnreachable(
    host,
    `what answers there is not the host program: ${excerpt(line)}; check what prints to the output of sh there, and run again`,
  );
}

function excerpt(line: string): string {
  const start = line.trimStart();
  if (!start.startsWith("{") && !start.startsWith("["))
    return `it wrote ${JSON.stringify(visible(line.slice(0, quoted)))}, which is no JSON`;
  try {
    const fields = Object.keys(JSON.parse(line) as object)
      .slice(0, 5)
      .join(", ");
    return `it wrote JSON that is no answer, with ${fields === "" ? "no fields" : visible(`the fields ${fields}`.slice(0, quoted))}`;
  } catch {
    return "it wrote JSON that does not end";
  }
}
