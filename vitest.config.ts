import { defineConfig } from "vitest/config";

/** `unit` needs nothing but Node; `lab` needs root, the tools and the hosts of a lab. */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: ["test/{provider,sdk,lab,tools,examples,kill,quoting,bad-inputs}/**/*.test.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          // The built packages run as they are: Pulumi writes the source of a provider object down.
          server: { deps: { external: [/[/](provider|sdk)[/]dist[/]/] } },
        },
      },
      {
        test: {
          name: "lab",
          include: ["test/{cloud,recordings}/**/*.test.ts"],
          fileParallelism: false,
          testTimeout: 900_000,
          hookTimeout: 1_200_000,
        },
      },
    ],
  },
});
