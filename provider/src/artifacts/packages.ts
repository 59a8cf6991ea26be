import type { Artifact } from "./artifact.ts";
import { sh } from "./script.ts";

const statusFormat = "${db:Status-Status} ${Package}\\n";

/**
 * Debian packages, installed without their recommendations. They stay when the resource goes: something else
 * may need them by then.
 */
export function debianPackages(names: readonly string[]): Artifact {
  const sorted = [...names].sort();
  return {
    what: `packages ${sorted.join(", ")}`,
    probe: sh`dpkg-query -W -f ${statusFormat} ${sorted} | sed -n 's/^installed //p' | sort -u`,
    expected: sorted.join(" "),
    apply: sh`export DEBIAN_FRONTEND=noninteractive
apt_install() { apt-get -qy -o DPkg::Lock::Timeout=300 -o Dpkg::Options::=--force-confold install --no-install-recommends ${sorted}; }
say ${`installing ${sorted.join(", ")}`}
if ! apt_install; then
  # After an installation that was cut off, apt refuses everything until this has been done.
  dpkg --force-confold --configure -a || :
  apt-get -qy -o DPkg::Lock::Timeout=300 update
  apt_install
fi`,
    common: true,
    explain: (actual) => {
      const installed = new Set(actual.split(" "));
      return `are not all installed: ${sorted.filter((name) => !installed.has(name)).join(", ")}`;
    },
  };
}
