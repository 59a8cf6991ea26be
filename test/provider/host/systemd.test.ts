import { readFileSync } from "node:fs";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { applyScript, explainDrift, removeScript } from "../../../provider/src/host/artifact.ts";
import { prelude } from "../../../provider/src/host/prelude.ts";
import { Script } from "../../../provider/src/host/script.ts";
import { execLine, runningUnit, unitFile } from "../../../provider/src/host/systemd.ts";
import { systemdWords } from "../../quoting/systemd-words.ts";
import { ShellHost } from "../shell-host.ts";

vi.setConfig({ testTimeout: 30_000 });

describe("execLine", () => {
  it("leaves what is plain as it is", () => {
    expect(execLine(["/usr/bin/a", "--b=c,d", "e:f@g+h"])).toBe("/usr/bin/a --b=c,d e:f@g+h");
  });

  it.each([
    ["a space", "a b"],
    ["nothing", ""],
    ["a specifier", "50% %n %%"],
    ["a variable", "$HOME ${HOME} $$"],
    ["quotes", `"a" 'b' it's`],
    ["backslashes", "a\\b\\\\ \\n \\"],
    ["a line break", "a\nb\tc"],
    ["a lone semicolon", ";"],
    ["a comment", "# no"],
    ["what goes before a program", "-@:+!x"],
  ])("brings %s through", (_, word) => {
    expect(systemdWords(execLine(["/bin/x", word, "end"]))).toEqual(["/bin/x", word, "end"]);
  });

  it("brings any printable text through, on one line", () => {
    const word = fc.oneof(
      fc.string({ unit: "grapheme-ascii" }),
      fc.string({
        unit: fc.constantFrom(`"`, "'", "\\", "$", "%", "{", "}", ";", " ", "\t", "\n", "a", "#"),
      }),
      fc.string({ unit: "grapheme" }),
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 5 }), (words) => {
        expect(systemdWords(execLine(["/bin/x", ...words]))).toEqual(["/bin/x", ...words]);
      }),
    );
  });

  it("expands the named variables, and no others", () => {
    const line = execLine(["/bin/x", "a=${KHZ}", "b ${KHZ} ${HOME} $KHZ", "100%"], ["KHZ"]);
    expect(systemdWords(line, { KHZ: "2100000" })).toEqual([
      "/bin/x",
      "a=2100000",
      "b 2100000 ${HOME} $KHZ",
      "100%",
    ]);
  });

  it("does not take the text behind a dollar sign for a variable's name", () => {
    const line = execLine(["/bin/x", "$${KHZ}"], ["KHZ"]);
    expect(systemdWords(line, { KHZ: "1" })).toEqual(["/bin/x", "$1"]);
  });
});

describe("runningUnit", () => {
  let host: ShellHost;
  beforeEach(() => {
    host = new ShellHost();
  });
  afterEach(() => {
    host.remove();
  });
  const unit = runningUnit("some.service");

  it("says what is wrong with a unit", () => {
    const words = (actual: string): string => explainDrift({ artifact: unit, actual });
    expect(words("")).toBe("unit some.service is neither active nor enabled");
    expect(words("ActiveState=failed NeedDaemonReload=no UnitFileState=enabled")).toBe(
      "unit some.service is failed",
    );
    expect(words("ActiveState=inactive NeedDaemonReload=no UnitFileState=")).toBe(
      "unit some.service is inactive and is not installed, not enabled",
    );
    expect(words("ActiveState=active NeedDaemonReload=yes UnitFileState=enabled")).toBe(
      "unit some.service runs with an older unit file than the one on disk",
    );
    expect(
      words("ActiveState=active NeedDaemonReload=no UnitFileState=masked DropIn=/a/b.conf DropIn=/c=d"),
    ).toBe("unit some.service is masked, not enabled and is changed by /a/b.conf, /c=d");
  });

  it("enables it, has systemd read it, and restarts it, in this order", async () => {
    host.stub(
      "systemctl",
      'case $1 in show) echo NeedDaemonReload=yes ;; *) echo "$@" >>"$HERE/asked" ;; esac',
    );
    const script = Script.join([prelude, applyScript([{ artifact: unit, actual: "" }])]);
    expect(await host.run(script)).toMatchObject({ exitCode: 0, stderr: "" });
    const verbs = readFileSync(host.path("asked"), "utf8").match(/daemon-reload|reenable|restart/g);
    expect(verbs).toEqual(["reenable", "daemon-reload", "restart"]);
  });

  it("is started again where it had failed too often", async () => {
    host.stub(
      "systemctl",
      `case "$1" in
  restart) [ -e "$HERE/forgiven" ] || { echo "start request repeated too quickly" >&2; exit 1; } ;;
  show) echo start-limit-hit ;;
  reset-failed) touch "$HERE/forgiven" ;;
esac`,
    );
    const script = Script.join([prelude, applyScript([{ artifact: unit, actual: "" }])]);
    expect(await host.run(script)).toMatchObject({ exitCode: 0 });
  });

  it("shows the end of the journal when it does not start", async () => {
    host.stub("systemctl", 'case "$1" in restart) echo "Job failed." >&2; exit 1;; esac');
    host.stub("journalctl", "echo some.service: cannot open /dev/kvm");
    const result = await host.run(Script.join([prelude, applyScript([{ artifact: unit, actual: "" }])]));
    expect(result).toMatchObject({ exitCode: 1, stdout: "" });
    expect(result.stderr).toBe(
      "Job failed.\nsome.service: cannot open /dev/kvm\nwhile making unit some.service\n",
    );
  });

  it("is gone already when systemd does not know it", async () => {
    host.stub("systemctl", 'echo "Unit some.service not loaded." >&2; exit 5');
    const script = Script.join([prelude, removeScript([unit], false)]);
    expect(await host.run(script)).toMatchObject({ exitCode: 0 });
  });

  it("is told to systemd when its file comes or goes, and only then", async () => {
    host.stub("systemctl", 'echo "$@" >>"$HERE/asked"');
    const missing = unitFile("torocloud-no-such-unit-here.service", "[Service]\n");
    await host.run(Script.join([prelude, removeScript([missing], false)]));
    expect(() => readFileSync(host.path("asked"))).toThrow("ENOENT");
  });
});
