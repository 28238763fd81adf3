// Judges manifests by the schemas of Kubernetes and of the Prometheus Operator: a JSON array on stdin, a line for each finding on stdout.
// Exit status 1 when there is one. The schemas tell types and what is missing, and are silent about keys that they do not know. So each
// manifest is watched: what its schema never looked at is unknown.
import { readFileSync } from "node:fs";

async function modelOf({ apiVersion, kind }) {
  const from = apiVersion.startsWith("monitoring.coreos.com/") ? "@kubernetes-models/prometheus-operator" : "kubernetes-models";
  return (await import(`${from}/${apiVersion}`))[kind];
}

function watched(value, path, seen) {
  if (value === null || typeof value !== "object") {
    return value;
  }
  return new Proxy(value, {
    get(target, key) {
      if (typeof key !== "string") {
        return target[key];
      }
      seen.add(`${path}/${key}`);
      return watched(target[key], `${path}/${key}`, seen);
    },
  });
}

function* unseen(value, path, seen) {
  if (value !== null && typeof value === "object") {
    for (const key of Object.keys(value)) {
      if (seen.has(`${path}/${key}`)) {
        yield* unseen(value[key], `${path}/${key}`, seen);
      } else {
        yield `${path}/${key}`;
      }
    }
  }
}

const findings = [];
for (const manifest of JSON.parse(readFileSync(0, "utf8"))) {
  const name = `${manifest.kind} ${manifest.metadata?.name}`;
  const Model = await modelOf(manifest).catch(() => undefined);
  if (Model === undefined) {
    findings.push(`${name}: no schema of ${manifest.apiVersion} ${manifest.kind}`);
    continue;
  }
  const seen = new Set();
  try {
    Model.prototype.validate.call(watched(manifest, "", seen));
    findings.push(...Array.from(unseen(manifest, "", seen), (path) => `${name}: ${path} is unknown`));
  } catch (error) {
    findings.push(`${name}: ${error.message}`);
  }
}
console.log(findings.join("\n"));
process.exitCode = findings.length > 0 ? 1 : 0;
