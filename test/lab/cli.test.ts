import { describe, expect, test } from "vitest";
import { main } from "../../lab/src/cli.js";
import { renderTable } from "../../lab/src/reporter.js";
import { sshCommand } from "../../lab/src/ssh.js";

async function call(...argv: readonly string[]): Promise<{ code: number; said: string; result: string }> {
  const said: string[] = [];
  const result: string[] = [];
  const reporter = {
    result: (line: string) => void result.push(line),
    progress: (line: string) => void said.push(line),
  };
  const code = await main(argv, { reporter });
  return { code, said: said.join("\n"), result: result.join("\n") };
}

describe("the lab's command line", () => {
  test.each([[[]], [["frobnicate"]], [["up", "--nmae", "x"]]])(
    "%j is answered with how to use it",
    async (argv) => {
      const { code, said } = await call(...argv);
      expect(code).toBe(2);
      expect(said).toContain("usage: npm run lab -- COMMAND");
    },
  );

  test("--help is no failure", async () => {
    expect((await call("up", "--help")).code).toBe(0);
  });

  test("a wrong name is an error before anything is touched", async () => {
    const { code, said } = await call("down", "--name", "../etc");
    expect(code).toBe(1);
    expect(said).toContain(`"../etc" cannot be a lab's name`);
  });

  test("a lab that is not there is named, with what to do", async () => {
    const { code, said } = await call("status", "--name", "zzzzzzzz");
    expect(code).toBe(1);
    expect(said).toContain(`make it with "npm run lab -- up --name zzzzzzzz"`);
    expect((await call("inventory", "--name", "zzzzzzzz")).said).toContain("bring it up with");
  });

  test("ssh without a host says so", async () => {
    expect((await call("ssh")).said).toContain("ssh needs the name of a host");
  });
});

describe("the ssh command", () => {
  const start = ["ssh", "-F", "/var/lib/torocloud-lab/dev/ssh_config", "node1"];

  test("one word is a line of shell, several are quoted one by one, none is a shell", () => {
    expect(sshCommand("dev", "node1", ["ls | wc -l"])).toEqual([...start, "--", "ls | wc -l"]);
    expect(sshCommand("dev", "node1", ["ls", "a b", "it's"])).toEqual([
      ...start,
      "--",
      "ls",
      "'a b'",
      `'it'\\''s'`,
    ]);
    expect(sshCommand("dev", "node1", [])).toEqual(start);
  });
});

test("a table's columns are as wide as their widest word", () => {
  expect(
    renderTable([
      ["A", "BB"],
      ["CCC", "D"],
    ]),
  ).toBe("A    BB\nCCC  D");
});
