import eslint from "@eslint/js";
import { defineConfig } from "eslint/config";
import tseslint from "typescript-eslint";

/** The layers a folder of src/ may not import: everything but what stands below it (docs/architecture.md). */
const layers = ["hci", "l2cap", "att", "smp", "gatt", "gap"];
const below = {
  common: [],
  hci: [],
  l2cap: ["hci"],
  att: ["l2cap"],
  smp: ["l2cap"],
  gatt: ["att"],
  gap: layers,
  profiles: ["gatt", "att"],
};

const layerBans = Object.entries(below).map(([layer, allowed]) => {
  const banned = [...layers.filter((other) => other !== layer && !allowed.includes(other))];
  return {
    files: [`src/${layer}/**/*.ts`],
    rules: {
      "no-restricted-imports": [
        "error",
        {
          patterns: [
            {
              group: [...banned.map((other) => `**/${other}/*`)],
              message: `${layer} may not import this layer.`,
            },
            { group: ["**/host.ts", "**/index.ts"], message: "Layers import downwards only." },
            {
              group: ["**/transports/**", "**/cli/**"],
              message: "The stack knows transports by HciTransport alone.",
            },
          ].filter(({ group }) => group.length > 0),
        },
      ],
    },
  };
});

/** What a folder of src/ knows of the stack that stands on its public API as a program does. */
const outsiders = {
  files: ["src/micropython/**/*.ts"],
  rules: {
    "no-restricted-imports": [
      "error",
      {
        patterns: [
          {
            regex: "^(?!\\./|\\.\\./index\\.ts$|node:)",
            message: "The facade knows the public API alone: ../index.ts.",
          },
        ],
      },
    ],
  },
};

const banned = (name, instead) => ({ name, message: `Use ${instead}.` });

export default defineConfig(
  { ignores: ["dist", "coverage", "node_modules"] },
  { linterOptions: { reportUnusedDisableDirectives: "error" } },
  eslint.configs.recommended,
  {
    files: ["**/*.ts"],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      "max-lines": ["error", { max: 400, skipBlankLines: true, skipComments: true }],
      complexity: ["error", 12],
      "@typescript-eslint/switch-exhaustiveness-check": [
        "error",
        { considerDefaultExhaustiveForUnions: true, requireDefaultForNonUnion: true },
      ],
      "@typescript-eslint/restrict-template-expressions": [
        "error",
        { allowNumber: true, allowBoolean: true },
      ],
      // A const and an interface of one name are the codec and its value: the pattern of every PDU file.
      "@typescript-eslint/no-redeclare": "off",
      // Exported members need the annotation for isolatedDeclarations; elsewhere the constructor reads better.
      "@typescript-eslint/consistent-generic-constructors": "off",
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      "@typescript-eslint/no-unnecessary-condition": ["error", { allowConstantLoopConditions: true }],
    },
  },
  {
    // The stack is deterministic: time and chance are injected (docs/architecture.md).
    files: ["src/**/*.ts", "transports/virtual/**/*.ts"],
    ignores: ["src/common/clock.ts", "src/common/random.ts"],
    rules: {
      "no-restricted-globals": [
        "error",
        ...["setTimeout", "setInterval", "setImmediate", "performance"].map((name) =>
          banned(name, "the injected Clock"),
        ),
        banned("crypto", "the injected Random"),
        banned("Buffer", "Uint8Array"),
      ],
      "no-restricted-properties": [
        "error",
        { object: "Date", property: "now", message: "Use the injected Clock." },
        { object: "Math", property: "random", message: "Use the injected Random." },
      ],
    },
  },
  {
    // The core is synchronous: promises and emitters belong to the shell above it.
    files: ["src/hci/**/*.ts", "src/l2cap/**/*.ts", "src/att/**/*.ts", "src/smp/**/*.ts"],
    rules: {
      "no-restricted-syntax": [
        "error",
        { selector: "NewExpression[callee.name='Promise']", message: "No promises in the core." },
        { selector: ":function[async=true]", message: "No promises in the core." },
      ],
    },
  },
  ...layerBans,
  outsiders,
  {
    files: ["test/**/*.ts", "bench/**/*.ts"],
    rules: { "max-lines": "off", "@typescript-eslint/no-non-null-assertion": "off" },
  },
  {
    files: ["**/*.js"],
    languageOptions: { globals: { URL: "readonly", console: "readonly", process: "readonly" } },
  },
);
