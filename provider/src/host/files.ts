import { createHash } from "node:crypto";
import { posix } from "node:path";
import type { Artifact } from "./artifact.ts";
import { sh } from "./script.ts";

interface Ownership {
  /** Octal, without a leading zero: "644". */
  readonly mode?: string;
  /** user:group */
  readonly owner?: string;
}

/** A file with exactly this content, mode and owner, written atomically. Its directory must be there. */
export function file(
  path: string,
  content: string,
  { mode = "644", owner = "root:root" }: Ownership = {},
): Artifact {
  const digest = sha256(content);
  return {
    what: `file ${path}`,
    probe: sh`file_state ${path}`,
    asks: { files: [path] },
    expected: `${mode} ${owner} ${digest}`,
    apply: sh`printf %s ${content} | put_file ${path} ${mode} ${owner}`,
    // Also what put_file leaves when it is killed half-way: it may be a key.
    remove: sh`rm -f ${path} ${`${path}.torocloud-new`}`,
    explain: (actual) => {
      const [actualMode = "", actualOwner = "", actualDigest] = actual.split(" ");
      const wrong = [
        ...(actualDigest === digest ? [] : ["has other content"]),
        ...(actualMode === mode ? [] : [`has mode ${actualMode}, not ${mode}`]),
        ...(actualOwner === owner ? [] : [`belongs to ${actualOwner}, not ${owner}`]),
      ];
      return wrong.join(" and ");
    },
  };
}

/** A directory that others may use too: made with its parents, removed only when it is empty. */
export function directory(path: string, { mode = "755", owner = "root:root" }: Ownership = {}): Artifact {
  return {
    what: `directory ${path}`,
    probe: sh`[ -d ${path} ] && stat -c '%a %U:%G' ${path}`,
    expected: `${mode} ${owner}`,
    apply: sh`mkdir -p ${path}; chown ${owner} ${path}; chmod ${mode} ${path}`,
    remove: sh`rmdir ${path} 2>/dev/null || :`,
    common: true,
    inTheWay: "until adopted",
  };
}

/** A directory that is ours alone, removed with all that is in it. Never one that is a mount or has one in it. */
export function ownDirectory(path: string, ownership: Ownership = {}): Artifact {
  if (posix.resolve("/", path) !== path || path.split("/").length < 4) {
    throw new Error(`${path} is no directory of ours`);
  }
  return {
    ...directory(path, ownership),
    remove: sh`if findmnt -rno TARGET | grep -qE ${`^${escapeRegExp(path)}(/|$)`}; then
  echo ${`something is mounted in ${path}`} >&2; exit 1
fi
rm -rf --one-file-system ${path}`,
    common: false,
  };
}

/** A system user without a login, and a group of the same name. */
export function systemUser(name: string): Artifact {
  return {
    what: `user ${name}`,
    probe: sh`getent passwd ${name} | cut -d: -f1,7`,
    expected: `${name}:/usr/sbin/nologin`,
    apply: sh`getent passwd ${name} >/dev/null ||
  useradd --system --user-group --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin ${name}
usermod --shell /usr/sbin/nologin ${name}`,
    remove: sh`if getent passwd ${name} >/dev/null; then userdel ${name}; fi`,
  };
}

/** Lower-case hexadecimal. */
export function sha256(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

function escapeRegExp(text: string): string {
  return text.replaceAll(/[.*+?^$()|[\]{}\\]/g, "\\$&");
}
