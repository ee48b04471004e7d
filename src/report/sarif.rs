//! SARIF 2.1.0: one run, one result a finding, one rule a check.
//!
//! A result is at the access that broke the rule; the other access is a related location; each CPU is a thread flow,
//! whose execution orders give the interleaving. Rules are all checks, found or not, so that their numbers stay.

use super::{Case, Place, TOOL, Told, ToldStep, Verdict};
use crate::san::{CHECKS, CheckSpec};
use serde_json::{Value, json};

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";
/// The root that paths are relative to.
const ROOT: &str = "%SRCROOT%";

/// The log of some runs. Those without a finding leave no result.
pub fn sarif(cases: &[Case]) -> Value {
    let results = cases.iter().filter_map(|c| c.told.as_ref().map(|told| result(c, told)));
    let broken = cases.iter().filter_map(|c| match &c.verdict {
        Verdict::Broken(why) => Some(json!({ "level": "error", "message": { "text": why } })),
        Verdict::GaveUp(why) => {
            let text = format!("{}: {why}", c.file);
            Some(json!({ "level": "warning", "message": { "text": text } }))
        }
        _ => None,
    });
    let sound = cases.iter().all(|c| !matches!(c.verdict, Verdict::Broken(_)));
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": TOOL,
                "version": env!("CARGO_PKG_VERSION"),
                "rules": CHECKS.iter().map(rule).collect::<Vec<_>>(),
            } },
            "originalUriBaseIds": { ROOT: { "description": { "text": "The root of the foliofuzz source." } } },
            "columnKind": "utf16CodeUnits",
            "invocations": [{
                "executionSuccessful": sound,
                "toolExecutionNotifications": broken.collect::<Vec<_>>(),
            }],
            "results": results.collect::<Vec<_>>(),
        }],
    })
}

fn rule_id(check: &str) -> String {
    format!("mmsan/{check}")
}

fn rule(check: &CheckSpec) -> Value {
    let kinds: Vec<String> = check.kinds.iter().map(|k| format!("{}: {}", k.name, k.doc)).collect();
    json!({
        "id": rule_id(check.name),
        "name": check.name,
        "shortDescription": { "text": check.title },
        "fullDescription": { "text": format!("{} Kinds: {}", check.title, kinds.join(" ")) },
        "defaultConfiguration": { "level": "error" },
    })
}

fn result(case: &Case, told: &Told) -> Value {
    // What a file expects is not a complaint.
    let (kind, level) = if case.failed() { ("fail", "error") } else { ("informational", "none") };
    let at = told.culprit.as_ref().or(told.other.as_ref());
    let text = [told.title.clone(), format!("{} Repro: {}", told.rule, case.file)].join("\n");
    let mut result = json!({
        "ruleId": rule_id(&told.check),
        "kind": kind,
        "level": level,
        "message": { "text": text.trim() },
        "locations": [at.map_or_else(|| location(&Place::nowhere()), |line| described(line, "(2) "))],
        "partialFingerprints": { "mmsan/v1": told.signature },
        "properties": {
            "signature": told.signature,
            "alt": told.alt,
            "kind": told.kind,
            "kernel": told.model,
            "bugs": told.bugs,
            "repro": case.file,
            "diagram": told.diagram,
        },
    });
    if let Some(index) = CHECKS.iter().position(|c| c.name == told.check) {
        result["ruleIndex"] = index.into();
    }
    if let Some(other) = told.other.as_ref().filter(|_| told.culprit.is_some()) {
        let mut related = described(other, "(1) ");
        related["id"] = 1.into();
        result["relatedLocations"] = json!([related]);
    }
    if !told.flows.is_empty() {
        result["codeFlows"] = json!([code_flow(told)]);
    }
    result
}

fn code_flow(told: &Told) -> Value {
    // Orders begin at 1 and count the steps shown, of all tasks.
    let mut order: Vec<u32> = told.flows.iter().flatten().map(|l| l.seq).collect();
    order.sort_unstable();
    let essential =
        |line: &ToldStep| [&told.culprit, &told.other].iter().any(|s| s.as_ref().is_some_and(|s| s == line));
    let flows = told.flows.iter().map(|flow| {
        let locations = flow.iter().map(|line| {
            json!({
                "location": described(line, ""),
                "executionOrder": order.binary_search(&line.seq).map_or(0, |i| i + 1),
                "nestingLevel": line.depth,
                "importance": if essential(line) { "essential" } else { "important" },
            })
        });
        let id = flow.first().map_or("", |l| &l.task);
        json!({ "id": id, "locations": locations.collect::<Vec<_>>() })
    });
    json!({
        "message": { "text": "The executed interleaving, without the steps that do not matter" },
        "threadFlows": flows.collect::<Vec<_>>(),
    })
}

fn described(line: &ToldStep, mark: &str) -> Value {
    let mut location = location(&line.place);
    let text = format!("{mark}{}: {} ({})", line.task, line.text, line.op);
    location["message"] = json!({ "text": text });
    location
}

fn location(place: &Place) -> Value {
    json!({
        "physicalLocation": {
            "artifactLocation": { "uri": place.file, "uriBaseId": ROOT },
            "region": { "startLine": place.line },
        },
        "logicalLocations": [{ "name": place.function, "kind": "function" }],
    })
}
