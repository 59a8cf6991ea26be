export { dynamicSource } from "./adapters/dynamic.ts";
export { dynamicLifecycle, identify } from "./adapters/dynamic-lifecycle.ts";
export { explain } from "./adapters/explain.ts";
export { missingCredentials } from "./adapters/missing-credentials.ts";
export { closeConnections, inventoryOf } from "./adapters/surroundings.ts";
export { registry, type Resource } from "./registry.ts";
export { Facts, factsField } from "./validation/facts.ts";
export { inventorySchema } from "./inventory/index.ts";
