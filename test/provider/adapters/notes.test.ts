import { beforeEach, describe, expect, it } from "vitest";
import { notesOf, type Notes } from "../../../provider/src/adapters/notes.ts";
import { unknownValue } from "../../../provider/src/validation/unknown.ts";

let lines: string[];
let notes: Notes;
let sameProcess: () => Notes;
beforeEach(() => {
  const said: string[] = [];
  const log = (line: string): void => void said.push(line);
  lines = said;
  sameProcess = () => notesOf(log);
  notes = sameProcess();
});

describe("the notes of a preview", () => {
  it("are said once: the engine asks after a refresh, and again in the preview that follows", () => {
    notes.tell("host1/guest/web-0", { size: 1 }, ["drifted: file /x is missing"]);
    sameProcess().tell("host1/guest/web-0", { size: 1 }, [
      "drifted: file /x is missing",
      "size 1 → 2: restarts it",
    ]);
    expect(lines).toEqual([
      "host1/guest/web-0: drifted: file /x is missing",
      "host1/guest/web-0: size 1 → 2: restarts it",
    ]);
  });

  it("are those of each resource: the same sentence about another is said too", () => {
    notes.tell("one", {}, ["drifted: x"]);
    notes.tell("two", {}, ["drifted: x"]);
    expect(lines).toEqual(["one: drifted: x", "two: drifted: x"]);
  });

  it("say nothing where the engine asks what would be if a value were not known", () => {
    const news = { shares: [{ share: "web", tag: "site" }], size: 2 };
    notes.expect(news);
    notes.tell("web-0", { ...news, shares: unknownValue, size: 1 }, [
      "shares [...] → known after apply: ...",
    ]);
    expect(lines).toEqual([]);
    notes.tell("web-0", news, ["size 1 → 2: restarts it"]);
    expect(lines).toEqual(["web-0: size 1 → 2: restarts it"]);
  });

  it("tell what is not known in what the program gave, whatever the order in which the engine hands it over", () => {
    notes.expect({ size: 1, shares: { share: unknownValue, tag: "site" }, absent: undefined });
    sameProcess().tell("web-0", { shares: { tag: "site", share: unknownValue }, size: 1, absent: null }, [
      "note",
    ]);
    expect(lines).toEqual(["web-0: note"]);
  });
});
