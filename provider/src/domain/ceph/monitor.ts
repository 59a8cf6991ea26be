import type { Artifact } from "../../host/artifact.ts";
import { sh, type Script } from "../../host/script.ts";
import { addressVector, type MonitorAddress } from "./config.ts";
import { explainKeyring } from "./key.ts";
import { daemonDirectory, monitorKeyring, stateDirectory } from "./names.ts";

interface MonitorStore {
  readonly id: string;
  readonly fsid: string;
  readonly monitors: readonly MonitorAddress[];
}

/**
 * A monitor's store, made from a map that names all first monitors, so that they find each other at once. Only
 * `keyring` tells that ceph-mon --mkfs went through: its exit code is 0 for a store that is half-made, too. A store with our
 * label was complete once, and is never made again.
 */
export function monitorStore({ id, fsid, monitors }: MonitorStore): Artifact {
  const directory = daemonDirectory("mon", id);
  const addresses = monitors.flatMap(({ name, address }) => ["--addv", name, addressVector(address)]);
  const keyring = `${directory}/keyring`;
  const cluster = `${directory}/torocloud-fsid`;
  const label = sh`if [ -e ${cluster} ] && [ "$(cat ${cluster})" != ${fsid} ]; then
  echo ${`${directory} holds a monitor of another cluster`} >&2; exit 1
fi
printf '%s\n' ${fsid} >${cluster}`;
  return {
    what: `monitor store ${directory}`,
    probe: sh`[ ! -s ${keyring} ] && [ ! -s ${cluster} ] || cat ${cluster} || echo unknown`,
    expected: fsid,
    apply: sh`if [ ! -s ${keyring} ] && [ ! -s ${cluster} ]; then
  rm -rf --one-file-system ${directory}
  install -d -o ceph -g ceph -m 750 ${directory}
  map=$(mktemp ${`${stateDirectory}/monmap.XXXXXX`}); chown ceph "$map"
  release=$(ceph-mon --version | sed -E 's/.* ([a-z]+) \(.*/\1/')
  monmaptool --create --clobber --fsid ${fsid} ${addresses} --enable-all-features --set-min-mon-release "$release" "$map"
  ceph-mon --mkfs -i ${id} --fsid ${fsid} --monmap "$map" --keyring ${monitorKeyring} --setuser ceph --setgroup ceph
  rm -f "$map"
  [ -s ${keyring} ]
fi
${label}`,
    remove: sh`rm -rf --one-file-system ${directory}`,
    data: directory,
    mend: (actual) => (actual === "" ? undefined : label),
    explain: (actual) =>
      actual === "unknown"
        ? "does not say of which cluster it is"
        : `is of the cluster ${actual}, not ${fsid}`,
  };
}

/** The monitors' common key in a monitor's store, from which the daemon reads it: as the host has it. */
export function monitorKey(id: string): Artifact {
  const keyring = `${daemonDirectory("mon", id)}/keyring`;
  const first = sh`first_key() { sed -n 's/^[[:space:]]*key = //p' "$1" | head -n 1; }`;
  const copy = sh`${first}
if [ ! -s ${keyring} ] || [ "$(first_key ${keyring})" != "$(first_key ${monitorKeyring})" ]; then
  printf '[mon.]\n\tkey = %s\n\tcaps mon = "allow *"\n' "$(first_key ${monitorKeyring})" | put_file ${keyring} 600 ceph:ceph
fi
chown ceph:ceph ${keyring}; chmod 600 ${keyring}`;
  return {
    what: `key of monitor ${id}`,
    probe: sh`${first}
[ -s ${keyring} ] && stat -c '%a %U:%G' ${keyring} &&
  if [ "$(first_key ${keyring})" = "$(first_key ${monitorKeyring})" ]; then echo same; else echo other; fi`,
    expected: "600 ceph:ceph same",
    apply: copy,
    common: true,
    mend: (actual) => (actual.endsWith(" same") ? copy : undefined),
    explain: (actual) => explainKeyring(actual, keyring),
  };
}

/** Asked at the monitor's own socket, which answers without quorum. */
export function waitForQuorum(id: string): Script {
  return sh`in_quorum() {
  state=$(timeout 10 ceph --admin-daemon ${`/run/ceph/ceph-mon.${id}.asok`} mon_status 2>&1 | sed -n 's/^ *"state": "\(.*\)",$/\1/p')
  echo "it is \${state:-starting}"
  [ "$state" = leader ] || [ "$state" = peon ]
}
wait_until 180 ${`monitor ${id} to join the quorum`} in_quorum`;
}
