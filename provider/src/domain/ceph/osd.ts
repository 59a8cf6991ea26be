import type { Artifact } from "../../host/artifact.ts";
import { runningUnit } from "../../host/systemd.ts";
import { Script, sh } from "../../host/script.ts";
import { askCeph, ceph, pythonString, waitForCeph } from "./command.ts";
import { capsExpression, capsOf, explainKey, sameKey } from "./key.ts";
import { stateDirectory } from "./names.ts";

/** Where the bootstrap key lies by Ceph's own convention. */
export const bootstrapKeyring = "/var/lib/ceph/bootstrap-osd/ceph.keyring";

const gibibyte = 1024 ** 3;

export interface FileStore {
  readonly uuid: string;
  readonly fsid: string;
  readonly sizeGiB: number;
}

/** `osd_number`: the number that the cluster gave to this OSD, by the UUID in its data directory. */
function osdNumber(uuid: string): Script {
  return sh`osd_number() {
  osd_fsid=$(grep -lx ${uuid} /var/lib/ceph/osd/ceph-*/fsid 2>/dev/null | head -n 1)
  [ -n "$osd_fsid" ] || return 1
  osd_directory=\${osd_fsid%/fsid}
  echo "\${osd_directory##*-}"
}`;
}

/**
 * An OSD on a plain file: no loop device to re-attach at boot. UUID and secret exist before the cluster is asked for a
 * number, and asking is idempotent on the UUID, so it can stop anywhere and go on later.
 */
export function fileStore(store: FileStore): Artifact[] {
  return [madeStore(store), storeSize(store), storeKey(store)];
}

function madeStore({ uuid, fsid, sizeGiB }: FileStore): Artifact {
  const secret = `${stateDirectory}/osd-${uuid}.secret`;
  const number = osdNumber(uuid);
  return {
    what: `OSD store ${uuid}`,
    probe: sh`${number}
directory=/var/lib/ceph/osd/ceph-$(osd_number) && [ "$(cat "$directory/mkfs_done")" = yes ] && cat "$directory/ceph_fsid"`,
    expected: fsid,
    apply: ceph(sh`${number}
made() { [ "$(cat "$1/mkfs_done" 2>/dev/null)" = yes ] && [ "$(cat "$1/fsid")" = ${uuid} ] && [ "$(cat "$1/ceph_fsid")" = ${fsid} ]; }
${recoverStore(uuid)}
if osd=$(osd_number) && made "/var/lib/ceph/osd/ceph-$osd"; then
  say "osd.$osd has its store already"
else
  [ -s ${secret} ] || { (umask 077; ceph-authtool --gen-print-key >${`${secret}.new`}); mv ${`${secret}.new`} ${secret}; }
  osd=$(printf '{"cephx_secret":"%s"}' "$(cat ${secret})" |
    ceph_command -n client.bootstrap-osd -k ${bootstrapKeyring} osd new ${uuid} -i -)
  directory=/var/lib/ceph/osd/ceph-$osd
  if [ -s "$directory/fsid" ] && [ "$(cat "$directory/fsid")" != ${uuid} ]; then
    echo "$directory belongs to another OSD: $(cat "$directory/fsid")" >&2; exit 1
  fi
  install -d -o ceph -g ceph -m 750 "$directory"
  printf '[osd.%s]\n\tkey = %s\n' "$osd" "$(cat ${secret})" | put_file "$directory/keyring" 600 ceph:ceph
  rm -f "$directory/block"
  fallocate -l ${sizeGiB * gibibyte} "$directory/block"
  chown ceph:ceph "$directory/block"
  cd /
  ceph-osd --mkfs -i "$osd" --osd-objectstore bluestore --osd-data "$directory" --osd-uuid ${uuid} --setuser ceph --setgroup ceph
  made "$directory"
fi
rm -f ${secret}`),
    remove: ceph(sh`${number}
if osd=$(osd_number); then
  ceph_command osd down "$osd"
  ceph_command osd crush rm "osd.$osd"
  ceph_command auth rm "osd.$osd"
  ceph_command osd rm "$osd"
  rm -rf --one-file-system "/var/lib/ceph/osd/ceph-$osd"
fi
rm -f ${secret}`),
    data: `the OSD store with UUID ${uuid} in /var/lib/ceph/osd`,
    missing: "is missing, or its labels are",
    explain: (actual) => `is of the cluster ${actual}, not ${fsid}`,
  };
}

/** A store that was made says so itself, whatever became of the small files beside it. It must never be made again. */
function recoverStore(uuid: string): Script {
  return sh`for block in /var/lib/ceph/osd/ceph-*/block; do
  osd_directory=\${block%/block}
  [ -s "$block" ] && [ "$(cat "$osd_directory/mkfs_done" "$osd_directory/fsid" "$osd_directory/ceph_fsid" 2>/dev/null | wc -l)" != 3 ] || continue
  case $(ceph-bluestore-tool show-label --dev "$block" 2>/dev/null) in
    *${`"osd_uuid": "${uuid}"`}*'"mkfs_done": "yes"'*)
      say "$osd_directory has a complete store; its labels are written anew"
      ceph-bluestore-tool prime-osd-dir --dev "$block" --path "$osd_directory"
      echo yes >"$osd_directory/mkfs_done"
      chown ceph:ceph "$osd_directory"/*; chmod 600 "$osd_directory/mkfs_done" ;;
  esac
done`;
}

function storeSize({ uuid, sizeGiB }: FileStore): Artifact {
  const bytes = sizeGiB * gibibyte;
  const number = osdNumber(uuid);
  return {
    what: `size of OSD store ${uuid}`,
    probe: sh`${number}
stat -c %s /var/lib/ceph/osd/ceph-"$(osd_number)"/block`,
    expected: String(bytes),
    apply: sh`${number}
osd=$(osd_number)
block=/var/lib/ceph/osd/ceph-$osd/block
size=$(stat -c %s "$block")
if [ "$size" -gt ${bytes} ]; then
  echo ${`an OSD store cannot shrink to ${String(sizeGiB)} GiB; add a smaller one and remove this one`} >&2; exit 1
elif [ "$size" -lt ${bytes} ]; then
  systemctl stop "ceph-osd@$osd"
  fallocate -l ${bytes} "$block"
  ceph-bluestore-tool bluefs-bdev-expand --path "/var/lib/ceph/osd/ceph-$osd"
  chown -R ceph:ceph "/var/lib/ceph/osd/ceph-$osd"
fi`,
    common: true,
    explain: (actual) => `is ${String(Number(actual) / gibibyte)} GiB, not ${String(sizeGiB)} GiB`,
  };
}

const capabilities = { mgr: "allow profile osd", mon: "allow profile osd", osd: "allow *" };

/** The key with which it joins, as its directory and the cluster have it. Either is mended from the other. */
function storeKey({ uuid }: FileStore): Artifact {
  const number = osdNumber(uuid);
  const words = Object.entries(capabilities).flat();
  const path = `"/var/lib/ceph/osd/ceph-" + d[0]["entity"][4:] + "/keyring"`;
  const expression = `${sameKey(path)} + " " + ${capsExpression}`;
  const agree = ceph(sh`${number}
osd=$(osd_number)
keyring=/var/lib/ceph/osd/ceph-$osd/keyring
if key=$(ceph_command auth get-key "osd.$osd"); then
  ceph_command auth caps "osd.$osd" ${words}
  printf '[osd.%s]\n\tkey = %s\n' "$osd" "$key" | put_file "$keyring" 600 ceph:ceph
else
  ceph_command auth add "osd.$osd" ${words} -i "$keyring"
  chown ceph:ceph "$keyring"; chmod 600 "$keyring"
fi`);
  return {
    what: `key of OSD store ${uuid}`,
    probe: ceph(sh`${number}
osd=$(osd_number) && stat -c '%a %U:%G' "/var/lib/ceph/osd/ceph-$osd/keyring" &&
  timeout 60 python3 -c "$ceph_ask" ask ${expression} "{\"prefix\":\"auth get\",\"entity\":\"osd.$osd\"}"`),
    expected: `600 ceph:ceph same ${capsOf(capabilities)}`,
    apply: agree,
    common: true,
    mend: (actual) => (actual.includes(" same ") ? agree : undefined),
    explain: (actual) => explainKey(actual, { keyring: "its directory", caps: capabilities }),
  };
}

/** How much of its share of the data an OSD gets: all, unless somebody took it out. */
export function osdWeight(uuid: string): Artifact {
  const weight = `next(f"{o['weight']:g}" for o in d["osds"] if o["uuid"] == ${pythonString(uuid)})`;
  return {
    what: `weight of OSD ${uuid}`,
    probe: ceph(askCeph({ prefix: "osd dump" }, weight)),
    expected: "1",
    apply: ceph(sh`${osdNumber(uuid)}
ceph_command osd reweight "$(osd_number)" 1`),
    common: true,
    explain: (actual) => (actual === "0" ? "is 0, not 1: it is out of the cluster" : `is ${actual}, not 1`),
  };
}

/** The daemon, whose unit is named after the number that the cluster chose. */
export function osdUnit(uuid: string, store: readonly Artifact[]): Artifact {
  const unit = runningUnit({ label: "ceph-osd@", word: sh`"ceph-osd@$(osd_number).service"` }, store);
  return {
    ...unit,
    probe: Script.join([
      osdNumber(uuid),
      sh`osd_number >/dev/null && { ${unit.probe}
}`,
    ]),
    apply: Script.join([osdNumber(uuid), unit.apply]),
    mend: (actual) => {
      const mend = unit.mend?.(actual);
      return mend && Script.join([osdNumber(uuid), mend]);
    },
    remove: sh`${osdNumber(uuid)}
if osd_number >/dev/null; then
  ${unit.remove}
fi`,
  };
}

/** Prints `number=N`. */
export function reportNumber(uuid: string): Script {
  return sh`${osdNumber(uuid)}
if osd=$(osd_number); then echo "number=$osd"; fi`;
}

export function waitForOsd(uuid: string): Script {
  return ceph(
    waitForCeph({
      what: `OSD ${uuid} to be up and in`,
      command: { prefix: "osd dump" },
      until: `any(o["uuid"] == ${pythonString(uuid)} and o["up"] and o["in"] for o in d["osds"])`,
      seconds: 180,
    }),
  );
}

/**
 * Fails while pools for people's data exist and the cluster does not say that all of it is safe without this OSD.
 * Only a store that is to be destroyed is asked about: one that is kept comes back as it was.
 */
export function refuseUnlessSafe(uuid: string, onDelete: "keepData" | "destroyData"): Script {
  if (onDelete === "keepData") return sh`:`;
  return ceph(sh`${osdNumber(uuid)}
if osd=$(osd_number); then
  pools=$(${askCeph({ prefix: "osd lspools" }, 'len([p for p in d if p["poolname"] != ".mgr"])')})
  if [ "$pools" != 0 ] && ! ceph_command osd safe-to-destroy "$osd"; then
    echo "osd.$osd holds the only copies of data; run 'ceph osd out $osd' and wait until 'ceph osd safe-to-destroy $osd' agrees, then run again" >&2
    exit 1
  fi
fi`);
}
