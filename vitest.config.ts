import { defineConfig } from "vitest/config";

/** `unit` needs nothing but Node; `lab` needs root, the tools and the hosts of a lab. */
export default defineConfig({
  test: {
    projects: [
      { test: { name: "unit", include: ["test/{provider,sdk,lab,tools}/**/*.test.ts"] } },
      {
        test: {
          name: "lab",
          include: ["test/cloud/**/*.test.ts"],
          fileParallelism: false,
          testTimeout: 900_000,
          hookTimeout: 1_200_000,
        },
      },
    ],
  },
});
