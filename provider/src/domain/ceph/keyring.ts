import type { Artifact } from "../../host/artifact.ts";
import { sh } from "../../host/script.ts";
import { seedKeyring } from "./names.ts";

/** The sections of a keyring file, by entity: text as it stands in the file. Throws when one that is wanted is missing. */
export function keyringSection(keyring: string, entity: string): string {
  const sections = keyring.split(/^(?=\[)/m);
  const section = sections.find((text) => text.startsWith(`[${entity}]`));
  if (section === undefined) throw new Error(`the cluster's keyring has no key for ${entity}`);
  return `${section.trimEnd()}\n`;
}

/** A keyring with one key, as Ceph's daemons and clients read it. Throws for what is no key: it would be read as more. */
export function renderKeyring(entity: string, key: string): string {
  if (!/^[A-Za-z0-9+/=]*$/.test(key))
    throw new Error(`what the cluster gave as the key of ${entity} is none`);
  return `[${entity}]\n\tkey = ${key}\n`;
}

/** The keys a cluster is born with: monitors, administrator, and the one that may only add OSDs. Made once, never again. */
export function bornKeyring(cluster: string): Artifact {
  const path = seedKeyring(cluster);
  const begun = `${path}.torocloud-new`;
  return {
    what: `keyring ${path}`,
    probe: sh`[ -s ${path} ] && stat -c '%a %U:%G' ${path}`,
    expected: "600 root:root",
    apply: sh`if [ ! -s ${path} ]; then
  keys=${begun}
  (umask 077; ceph-authtool --create-keyring "$keys" --gen-key -n mon. --cap mon 'allow *' >/dev/null)
  ceph-authtool "$keys" --gen-key -n client.admin --cap mon 'allow *' --cap osd 'allow *' --cap mds 'allow *' --cap mgr 'allow *'
  ceph-authtool "$keys" --gen-key -n client.bootstrap-osd --cap mon 'profile bootstrap-osd' --cap mgr 'allow r'
  mv -T "$keys" ${path}
fi
chown root:root ${path}; chmod 600 ${path}`,
    remove: sh`rm -f ${path} ${begun}`,
    data: path,
  };
}
