import type { Artifact } from "../../host/artifact.ts";
import { sh } from "../../host/script.ts";
import { askCeph, ceph, tellCeph } from "./command.ts";
import { capsExpression, capsOf } from "./key.ts";

interface ClientKey {
  readonly entity: string;
  readonly fileSystem: string;
  /** Absolute; the key reaches nothing above it. */
  readonly path: string;
  readonly access: "rw" | "r";
}

/** A directory of the file system itself, made through libcephfs, with its parents. What is in it is not ours to remove. */
export function fileSystemDirectory(fileSystem: string, path: string): Artifact {
  const program = `import cephfs, sys
action, name, path = sys.argv[1:]
fs = cephfs.LibCephFS(conffile="/etc/ceph/ceph.conf", auth_id="admin", conf={"client_mount_timeout": "20"})
try:
    fs.mount(filesystem_name=name.encode())
    if action == "make":
        fs.mkdirs(path.encode(), 0o755)
    fs.stat(path.encode())
    print("directory")
except cephfs.Error as problem:
    if action == "make":
        raise
    if not isinstance(problem, cephfs.ObjectNotFound):
        print("unknown:", problem)
finally:
    fs.shutdown()`;
  return {
    what: `directory ${path} of file system ${fileSystem}`,
    probe: sh`timeout 60 python3 -c ${program} look ${fileSystem} ${path}`,
    expected: "directory",
    explain: (actual) => `cannot be looked at: ${actual.replace("unknown: ", "")}`,
    apply: sh`timeout 60 python3 -c ${program} make ${fileSystem} ${path}`,
    common: true,
  };
}

/** A client's key, limited to one path of one file system. The key itself stays in the cluster. */
export function clientKey({ entity, fileSystem, path, access }: ClientKey): Artifact {
  const caps = {
    mds: `allow ${access} fsname=${fileSystem} path=${path}`,
    mon: `allow r fsname=${fileSystem}`,
    osd: `allow ${access} tag cephfs data=${fileSystem}`,
  };
  const words = Object.entries(caps).flat();
  const expected = capsOf(caps);
  return {
    what: `key ${entity}`,
    probe: ceph(askCeph({ prefix: "auth get", entity }, capsExpression)),
    expected,
    apply: ceph(
      sh`${tellCeph({ prefix: "auth add", entity, caps: words })} 2>/dev/null || ${tellCeph({ prefix: "auth caps", entity, caps: words })}`,
    ),
    remove: ceph(sh`ceph_command auth rm ${entity}`),
    explain: (actual) => `may "${actual}", not "${expected}"`,
  };
}
