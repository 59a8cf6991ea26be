import { must, type Host } from "./host.ts";
import type { Script } from "./script.ts";

const answers = new WeakMap<Host, Map<string, Promise<string>>>();

/**
 * The standard output of a script that only reads, asked for once per host and process however many resources
 * need it: a key that every node of a cluster gets. A failure is not remembered, nor that there is nothing yet.
 */
export async function fetchOnce(host: Host, doing: string, script: Script): Promise<string> {
  const known = answers.get(host) ?? new Map<string, Promise<string>>();
  answers.set(host, known);
  const asked = known.get(script.text);
  if (asked) return asked;
  const answer = must(host, doing, script, { repeatable: true });
  known.set(script.text, answer);
  const forget = (): unknown => known.delete(script.text);
  answer.then((stdout) => stdout.trim() === "" && forget(), forget);
  return answer;
}
