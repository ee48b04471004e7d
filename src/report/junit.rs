//! JUnit's XML: a suite a directory, a test case a file. An expectation that is not met is a failure, a run that was
//! given up is skipped, a defect of the tool is an error. No times: the same runs give the same file.

use super::{Case, Verdict};
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};
use std::collections::BTreeMap;
use std::io;

/// The file of some runs.
pub fn junit(cases: &[Case]) -> io::Result<String> {
    let mut suites: BTreeMap<&str, Vec<&Case>> = BTreeMap::new();
    for case in cases {
        suites.entry(&case.group).or_default().push(case);
    }
    let mut xml = Writer::new_with_indent(Vec::new(), b' ', 2);
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let numbers = counts(cases.iter());
    // The root has no `skipped`, which its schema does not know.
    let root = xml.create_element("testsuites").with_attribute(("name", super::TOOL));
    root.with_attributes(numbers.iter().take(3).map(|(name, n)| (*name, n.as_str())))
        .write_inner_content(|xml| suites.iter().try_for_each(|(name, cases)| suite(xml, name, cases)))?;
    let mut text = String::from_utf8(xml.into_inner()).map_err(io::Error::other)?;
    text.push('\n');
    Ok(text)
}

type Counts = [(&'static str, String); 4];

fn counts<'a>(cases: impl Iterator<Item = &'a Case> + Clone) -> Counts {
    let count = |of: fn(&Verdict) -> bool| cases.clone().filter(|c| of(&c.verdict)).count().to_string();
    [
        ("tests", count(|_| true)),
        ("failures", count(|v| matches!(v, Verdict::NotMet(_)))),
        ("errors", count(|v| matches!(v, Verdict::Broken(_)))),
        ("skipped", count(|v| matches!(v, Verdict::GaveUp(_)))),
    ]
}

fn suite(xml: &mut Writer<Vec<u8>>, name: &str, cases: &[&Case]) -> io::Result<()> {
    let numbers = counts(cases.iter().copied());
    let element = xml.create_element("testsuite").with_attribute(("name", &*printable(name)));
    let element = element.with_attributes(numbers.iter().map(|(name, n)| (*name, n.as_str())));
    element.write_inner_content(|xml| cases.iter().try_for_each(|c| case(xml, c)))?;
    Ok(())
}

fn case(xml: &mut Writer<Vec<u8>>, case: &Case) -> io::Result<()> {
    let (group, name) = (printable(&case.group), printable(&case.name));
    let element = xml.create_element("testcase").with_attributes([("classname", &*group), ("name", &*name)]);
    let what = match &case.verdict {
        Verdict::Met => return element.write_empty().map(drop),
        Verdict::NotMet(_) => "failure",
        Verdict::GaveUp(_) => "skipped",
        Verdict::Broken(_) => "error",
    };
    element.write_inner_content(|xml| {
        let message = printable(&case.message());
        let mut element = xml.create_element(what).with_attribute(("message", &*message));
        if let Some(told) = case.told.as_ref().filter(|_| what == "failure") {
            element = element.with_attribute(("type", format!("{}/{}", told.check, told.kind).as_str()));
        }
        let body = body(case);
        if body.is_empty() { element.write_empty() } else { element.write_text_content(BytesText::new(&body)) }
            .map(drop)
    })?;
    Ok(())
}

/// The report and the diagram of a finding, and why it was none that was expected.
fn body(case: &Case) -> String {
    let Some(told) = &case.told else { return String::new() };
    let why = match &case.verdict {
        Verdict::NotMet(why) if *why != told.title => format!("{why}\n"),
        _ => String::new(),
    };
    printable(&format!("{why}{}\n{}", told.splat, told.diagram))
}

/// What XML can hold of it.
fn printable(text: &str) -> String {
    text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect()
}
