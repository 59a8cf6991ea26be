import { Script, sh } from "../../host/script.ts";

/**
 * `ceph_command ARGUMENT...`: Ceph's command line with a bound on how long it tries (its own is 300 s without
 * quorum). `ceph_answer EXPRESSION ARGUMENT...`: its JSON answer as `d` in a Python expression, printed as text;
 * fails where the expression is false or None.
 */
export const cephPrelude: Script = sh`ceph_command() { timeout 60 ceph --connect-timeout 20 "$@"; }
ceph_answer() {
  ceph_expression=$1; shift
  ceph_command "$@" --format json 2>/dev/null | python3 -c 'import json,sys
d = json.load(sys.stdin)
answer = eval(sys.argv[1])
print(answer)
sys.exit(answer is None or answer is False)' "$ceph_expression"
}
`;

/** A script that may use `ceph_command` and `ceph_answer`. */
export function ceph(script: Script): Script {
  return Script.join([cephPrelude, script]);
}
