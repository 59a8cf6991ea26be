import { createHash } from "node:crypto";
import { posix } from "node:path";
import type { Artifact } from "./artifact.ts";
import { sh, type Script } from "./script.ts";

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
  return {
    what: `file ${path}`,
    ...contentOf(path, sha256(content), { mode, owner }),
    apply: sh`put_file ${path} ${mode} ${owner} ${content}`,
  };
}

/** How a file is looked at and removed, whatever brings it there. `digest` is its content's SHA-256. */
export function contentOf(
  path: string,
  digest: string,
  { mode = "644", owner = "root:root" }: Ownership = {},
): Pick<Artifact, "probe" | "asks" | "expected" | "remove" | "mend" | "explain"> {
  return {
    probe: sh`file_state ${path}`,
    asks: { files: [path] },
    expected: `${mode} ${owner} ${digest}`,
    // Also what put_file leaves when it is killed half-way: it may be a key.
    remove: sh`rm -f ${path} ${`${path}.torocloud-new`}`,
    mend: (actual) => (actual.endsWith(` ${digest}`) ? setOwnership(path, { mode, owner }) : undefined),
    explain: (actual) => {
      if (actual.startsWith("link "))
        return `is a symbolic link to ${actual.slice("link ".length)}, not a file`;
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

function setOwnership(path: string, { mode, owner }: Required<Ownership>): Script {
  return sh`chown ${owner} ${path}; chmod ${mode} ${path}`;
}

/** A directory that others may use too: made with its parents, removed only when it is empty. */
export function directory(path: string, { mode = "755", owner = "root:root" }: Ownership = {}): Artifact {
  return {
    what: `directory ${path}`,
    probe: sh`[ -d ${path} ] && stat -c '%a %U:%G' ${path}`,
    expected: `${mode} ${owner}`,
    apply: sh`mkdir -p ${path}; ${setOwnership(path, { mode, owner })}`,
    remove: sh`rmdir ${path} 2>/dev/null || :`,
    common: true,
    inTheWay: "until adopted",
    mend: (actual) => (actual === "" ? undefined : setOwnership(path, { mode, owner })),
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
    probe: sh`if getent passwd ${name} >/dev/null; then
  getent passwd ${name} | cut -d: -f7
  id -nG ${name}
  getent shadow ${name} | cut -d: -f2 | grep -q '^[!*]' && echo locked || echo password
fi`,
    expected: `/usr/sbin/nologin ${name} locked`,
    apply: sh`getent passwd ${name} >/dev/null ||
  useradd --system --user-group --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin ${name}
usermod --shell /usr/sbin/nologin --groups '' --lock ${name}`,
    explain: (actual) => {
      const [shell = "", ...rest] = actual.split(" ");
      const others = rest.slice(0, -1).filter((group) => group !== name);
      const wrong = [
        ...(shell === "/usr/sbin/nologin" ? [] : [`has the shell ${shell}, not /usr/sbin/nologin`]),
        ...(others.length === 0 ? [] : [`is in the groups ${others.join(", ")} too`]),
        ...(rest.at(-1) === "locked" ? [] : ["can log in with a password"]),
      ];
      return wrong.join(" and ");
    },
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
