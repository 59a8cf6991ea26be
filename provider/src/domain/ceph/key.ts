import { sh, type Script } from "../../host/script.ts";
import { askCeph, ceph, pythonString } from "./command.ts";

/** What a key allows, by the kind of daemon that is asked: { mon: "allow r" }. */
export type Caps = Readonly<Record<string, string>>;

/** As {@link capsExpression} prints them. */
export function capsOf(caps: Caps): string {
  return Object.entries(caps)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([service, cap]) => `${service}: ${cap}`)
    .join("; ");
}

/** A Python expression over the answer to "auth get". */
export const capsExpression = `"; ".join(f"{service}: {cap}" for service, cap in sorted(d[0]["caps"].items()))`;

/** A Python expression: whether a keyring file, named by another one, holds the key that "auth get" answers with. */
export function sameKey(path: string): string {
  return `("same" if d[0]["key"] in open(${path}).read().split() else "other")`;
}

/** Prints mode and owner of a keyring file, whether it holds the cluster's key, and what that allows. */
export function keyState(entity: string, keyring: string): Script {
  const expression = `${sameKey(pythonString(keyring))} + " " + ${capsExpression}`;
  return ceph(
    sh`[ -s ${keyring} ] && stat -c '%a %U:%G' ${keyring} && ${askCeph({ prefix: "auth get", entity }, expression)}`,
  );
}

/** What is wrong with a keyring file, in words, from "600 ceph:ceph same". */
export function explainKeyring(actual: string, keyring: string, owned = "ceph:ceph"): string {
  const [mode = "", owner = "", same = ""] = actual.split(" ");
  const wrong = [
    ...(mode === "600" ? [] : [`has mode ${mode}, not 600, in ${keyring}`]),
    ...(owner === owned ? [] : [`belongs to ${owner}, not ${owned}, in ${keyring}`]),
    ...(same === "same" ? [] : [`is another one in ${keyring}`]),
  ];
  return wrong.join(" and ");
}

/** What is wrong with a key, in words, from what its probe printed. */
export function explainKey(actual: string, { keyring, caps }: { keyring: string; caps: Caps }): string {
  const [mode = "", owner = "", same, ...rest] = actual.split(" ");
  if (same === undefined) return "is not known to the cluster";
  const allowed = rest.join(" ");
  const wrong = [
    explainKeyring(`${mode} ${owner} ${same}`, keyring),
    ...(allowed === capsOf(caps) ? [] : [`may "${allowed}", not "${capsOf(caps)}"`]),
  ];
  return wrong.filter(Boolean).join(" and ");
}
