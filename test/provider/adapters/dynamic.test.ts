import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { dynamicLifecycle } from "../../../provider/src/adapters/dynamic-lifecycle.ts";
import { dynamicSource } from "../../../provider/src/adapters/dynamic.ts";
import { registry } from "../../../provider/src/registry.ts";

const guest = dynamicSource("torocloud:microvm:Guest");
const share = dynamicSource("torocloud:microvm:Share");

let folder: string;
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "torocloud-project-")));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

type Handler = () => Readonly<Record<string, (...args: readonly unknown[]) => Promise<unknown>>>;

/** As Pulumi's provider process does it: the source is a module of no file, the project's folder is the working directory. */
function load(source: string, project: string): ReturnType<Handler> {
  vi.spyOn(process, "cwd").mockReturnValue(project);
  const require = createRequire(import.meta.url);
  const { Module } = require("node:module") as { Module: new (id: string) => LoadedModule };
  const loaded = new Module("");
  loaded._compile(source, "");
  if (loaded.exports.handler === undefined) throw new Error("it has no handler");
  return loaded.exports.handler();
}

interface LoadedModule {
  readonly exports: { readonly handler?: Handler };
  _compile(source: string, file: string): void;
}

/** A package whose provider answers every verb with its place, the type, the verb and the arguments. */
function install(name: "sdk" | "provider", at: string): void {
  const path = join(folder, at);
  mkdirSync(path, { recursive: true });
  const manifest = {
    name: `@torocloud/${name}`,
    type: "module",
    exports: { ".": { default: "./index.js" } },
  };
  writeFileSync(join(path, "package.json"), JSON.stringify(manifest));
  const answer = `["${at}", type, verb, ...args]`;
  writeFileSync(
    join(path, "index.js"),
    name === "sdk"
      ? "export {};"
      : `export const dynamicLifecycle = (type) => new Proxy({}, { get: (_, verb) => async (...args) => ${answer} });`,
  );
}

function link(at: string, to: string): void {
  mkdirSync(dirname(join(folder, at)), { recursive: true });
  symlinkSync(join(folder, to), join(folder, at));
}

async function providerSeenFrom(project: string): Promise<unknown> {
  mkdirSync(join(folder, project), { recursive: true });
  const [place] = (await load(guest, join(folder, project))["read"]?.("id")) as unknown[];
  return place;
}

describe("the provider is found in a project", () => {
  it("that npm or yarn installed: side by side", async () => {
    install("sdk", "node_modules/@torocloud/sdk");
    install("provider", "node_modules/@torocloud/provider");
    expect(await providerSeenFrom(".")).toBe("node_modules/@torocloud/provider");
  });

  it("that pnpm installed, with the SDK as its only dependency", async () => {
    const store = (name: string): string =>
      `node_modules/.pnpm/@torocloud+${name}@0.1.0/node_modules/@torocloud`;
    install("sdk", `${store("sdk")}/sdk`);
    install("provider", `${store("provider")}/provider`);
    link(`${store("sdk")}/provider`, `${store("provider")}/provider`);
    link("node_modules/@torocloud/sdk", `${store("sdk")}/sdk`);
    expect(await providerSeenFrom(".")).toBe(`${store("provider")}/provider`);
  });

  it("that is a package of a workspace, whose packages lie above it", async () => {
    install("sdk", "packages/sdk");
    install("provider", "packages/provider");
    link("node_modules/@torocloud/sdk", "packages/sdk");
    link("node_modules/@torocloud/provider", "packages/provider");
    expect(await providerSeenFrom("programs/cloud")).toBe("packages/provider");
  });

  it("whose SDK has a provider of its own version below it", async () => {
    install("provider", "node_modules/@torocloud/provider");
    install("sdk", "node_modules/@torocloud/sdk");
    install("provider", "node_modules/@torocloud/sdk/node_modules/@torocloud/provider");
    expect(await providerSeenFrom(".")).toBe("node_modules/@torocloud/sdk/node_modules/@torocloud/provider");
  });

  it("that has the provider alone", async () => {
    install("provider", "node_modules/@torocloud/provider");
    expect(await providerSeenFrom("deeper/down")).toBe("node_modules/@torocloud/provider");
  });

  it("or it is said what to install, and where, without a stack of Node's", async () => {
    const { check } = load(guest, folder);
    const failed = await check?.({}, {}).catch((error: unknown) => error);
    expect(failed).toMatchObject({
      message: `@torocloud/sdk is not installed in ${folder}/: npm install, pnpm install or yarn install there`,
      stack: "",
    });
  });
});

describe("the provider that Pulumi writes into the state of every resource", () => {
  it("is small and has nothing but its type and the package's name", () => {
    expect(guest).toContain('"torocloud:microvm:Guest"');
    expect(guest.match(/@torocloud\/[a-z]+/g)).toEqual([
      "@torocloud/sdk",
      "@torocloud/provider",
      "@torocloud/sdk",
    ]);
    expect(guest.length).toBeLessThan(900);
    expect(guest).not.toMatch(/ssh2|zod|file:/);
  });

  it("names no place of the machine that it was written on", () => {
    const absolute = /(?<![\w/.*@])\/[\w.-]+\/[\w.-]+/;
    expect("at /home/someone/x.js").toMatch(absolute);
    expect(guest).not.toMatch(absolute);
  });

  it("differs between resource types by the type alone", () => {
    expect(share).not.toBe(guest);
    expect(guest.replaceAll("microvm:Guest", "microvm:Share")).toBe(share);
  });

  it("hands every verb of every resource type over to the package, arguments and answer too", async () => {
    install("provider", "node_modules/@torocloud/provider");
    for (const type of registry.keys()) {
      const provider = load(dynamicSource(type), folder);
      expect(Object.keys(provider).sort()).toEqual(Object.keys(dynamicLifecycle(type)).sort());
      for (const [verb, act] of Object.entries(provider))
        expect(await act("one", { two: 2 })).toEqual([
          "node_modules/@torocloud/provider",
          type,
          verb,
          "one",
          { two: 2 },
        ]);
    }
  });
});
