import type { Artifact } from "../../host/artifact.ts";
import { sh, type Script } from "../../host/script.ts";
import { explainKeyring } from "./key.ts";
import { monitorKeyring, seedKeyring } from "./names.ts";

/** The sections of a keyring file, by entity: text as it stands in the file. Throws when one that is wanted is missing. */
export function keyringSection(keyring: string, entity: string): string {
  const sections = keyring.split(/^(?=\[)/m);
  const section = sections.find((text) => text.startsWith(`[${entity}]`));
  if (section === undefined) throw new Error(`the cluster's keyring has no key for ${entity}`);
  return `${section.trimEnd()}\n`;
}

/** A keyring with one key, as Ceph's daemons and clients read it. */
export function renderKeyring(entity: string, key: string): string {
  return `[${entity}]\n\tkey = ${key}\n`;
}

/**
 * `born_keys`: the file that has the keys as they were made, which their checksum tells: the first one, or this host's own
 * copy of it. A cluster's members must never be given others.
 */
function bornKeys(cluster: string): Script {
  const path = seedKeyring(cluster);
  return sh`born_sum() { sha256sum <"$1" | cut -c1-64; }
born_keys() {
  [ -s ${`${path}.sha256`} ] || { [ -s ${path} ] && echo ${path}; return; }
  for born in ${path} ${monitorKeyring}; do
    if [ -s "$born" ] && [ "$(born_sum "$born")" = "$(cat ${`${path}.sha256`})" ]; then echo "$born"; return; fi
  done
  return 1
}`;
}

/** Prints the keys that a cluster was born with. */
export function printBornKeys(cluster: string): Script {
  return sh`${bornKeys(cluster)}
born=$(born_keys) || { echo ${`${seedKeyring(cluster)} does not hold the keys that the cluster was made with, and there is no copy of them`} >&2; exit 1; }
cat "$born"`;
}

/** The keys a cluster is born with: monitors, administrator, and the one that may only add OSDs. Made once, never again. */
export function bornKeyring(cluster: string): Artifact {
  const path = seedKeyring(cluster);
  return {
    what: `keyring ${path}`,
    probe: sh`${bornKeys(cluster)}
[ -s ${path} ] && stat -c '%a %U:%G' ${path} && 
  if [ ! -s ${`${path}.sha256`} ]; then echo unsealed; elif [ "$(born_keys)" = ${path} ]; then echo same; else echo other; fi`,
    expected: "600 root:root same",
    apply: sh`${bornKeys(cluster)}
if born=$(born_keys); then
  [ "$born" = ${path} ] || put_file ${path} 600 root:root <"$born"
elif [ -s ${`${path}.sha256`} ]; then
  echo ${`${path} does not hold the keys that the cluster was made with, and there is no copy of them; bring the file back from a backup`} >&2; exit 1
elif [ -s ${monitorKeyring} ]; then
  put_file ${path} 600 root:root <${monitorKeyring}
else
  keys=$(mktemp ${`${path}.XXXXXX`})
  ceph-authtool --create-keyring "$keys" --gen-key -n mon. --cap mon 'allow *' >/dev/null
  ceph-authtool "$keys" --gen-key -n client.admin --cap mon 'allow *' --cap osd 'allow *' --cap mds 'allow *' --cap mgr 'allow *'
  ceph-authtool "$keys" --gen-key -n client.bootstrap-osd --cap mon 'profile bootstrap-osd' --cap mgr 'allow r'
  mv -T "$keys" ${path}
fi
chown root:root ${path}; chmod 600 ${path}
[ -s ${`${path}.sha256`} ] || born_sum ${path} | put_file ${`${path}.sha256`} 644 root:root`,
    remove: sh`rm -f ${path} ${`${path}.sha256`}`,
    data: path,
    explain: (actual) =>
      actual.endsWith("unsealed") ? "has no checksum beside it" : explainKeyring(actual, path, "root:root"),
  };
}
