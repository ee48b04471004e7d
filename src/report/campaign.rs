//! The page of a campaign: one self-contained HTML file without scripts.

use super::html::escape;

const STYLE: &str = include_str!("campaign/page.css");

/// A number over time.
#[derive(Clone, Debug)]
pub struct Chart {
    pub title: String,
    /// Seconds, and the number; in the order of time.
    pub points: Vec<(f64, f64)>,
    /// Seconds at which something was found, and what.
    pub marks: Vec<(f64, String)>,
}

/// A finding with its files.
#[derive(Clone, Debug)]
pub struct PageFinding {
    pub title: String,
    pub signature: String,
    /// Its folder in the campaign's.
    pub folder: String,
    /// Name and value of what else is known: cause, execution, signatures that joined it.
    pub facts: Vec<(String, String)>,
    pub diagram: String,
    pub report: String,
    pub repro: String,
}

/// Of what there is, how much was reached.
#[derive(Clone, Debug)]
pub struct Reached {
    pub what: String,
    pub reached: usize,
    pub of: usize,
    pub missing: Vec<String>,
}

/// Everything the page shows.
#[derive(Clone, Debug, Default)]
pub struct CampaignPage {
    pub title: String,
    pub facts: Vec<(String, String)>,
    pub charts: Vec<Chart>,
    pub findings: Vec<PageFinding>,
    /// Bugs of the kernel with an expected finding, and whether one was attributed to them.
    pub expected: Vec<(String, bool)>,
    pub reached: Vec<Reached>,
    /// Head and rows of the runs of `hunt` the campaign is made of.
    pub parts: Vec<Vec<String>>,
}

impl CampaignPage {
    pub fn html(&self) -> String {
        let mut body = format!("<h1>{}</h1>\n{}", escape(&self.title), facts(&self.facts));
        body.push_str("<h2>Over time</h2>\n<div class=\"charts\">\n");
        self.charts.iter().for_each(|chart| body.push_str(&chart.svg()));
        body.push_str(&format!("</div>\n<h2>Findings ({})</h2>\n", self.findings.len()));
        if self.findings.is_empty() {
            body.push_str("<p>None. That says nothing of what was not run.</p>\n");
        }
        self.findings.iter().for_each(|finding| body.push_str(&finding.html()));
        body.push_str(&self.bugs());
        body.push_str(
            "<h2>Reached</h2>\n<p class=\"dim\">By the inputs of the corpus, each under a few schedules.</p>\n",
        );
        self.reached.iter().for_each(|reached| body.push_str(&reached.html()));
        body.push_str(&format!("<h2>Parts</h2>\n{}", table(&self.parts)));
        format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" \
             content=\"width=device-width\">\n<title>{}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n{body}\
             </body>\n</html>\n",
            escape(&self.title)
        )
    }

    fn bugs(&self) -> String {
        if self.expected.is_empty() {
            return String::new();
        }
        let found = self.expected.iter().filter(|(_, found)| *found).count();
        let mut out = format!("<h2>Bugs found again ({found} of {})</h2>\n<table>\n", self.expected.len());
        for (slug, found) in &self.expected {
            let (class, word) = if *found { ("good", "found") } else { ("bad", "not found") };
            out.push_str(&format!(
                "<tr><td><code>{}</code></td><td class=\"{class}\">{word}</td></tr>\n",
                escape(slug)
            ));
        }
        out + "</table>\n"
    }
}

fn facts(facts: &[(String, String)]) -> String {
    let row =
        |(name, value): &(String, String)| format!("<tr><th>{}</th><td>{}</td></tr>\n", escape(name), escape(value));
    format!("<table>\n{}</table>\n", facts.iter().map(row).collect::<String>())
}

/// The first row is the head.
fn table(rows: &[Vec<String>]) -> String {
    let row = |(i, cells): (usize, &Vec<String>)| {
        let (open, close) = if i == 0 { ("<th>", "</th>") } else { ("<td class=\"number\">", "</td>") };
        let cells = cells.iter().map(|c| format!("{open}{}{close}", escape(c))).collect::<String>();
        format!("<tr>{cells}</tr>\n")
    };
    format!("<table>\n{}</table>\n", rows.iter().enumerate().map(row).collect::<String>())
}

impl PageFinding {
    fn html(&self) -> String {
        let part = |name: &str, text: &str| {
            format!("<details><summary>{name}</summary><pre>{}</pre></details>\n", escape(text.trim_end()))
        };
        format!(
            "<article>\n<h3>{}</h3>\n<p><code>{}</code><br><span class=\"dim\">{}</span></p>\n{}<pre \
             class=\"diagram\">{}</pre>\n{}{}</article>\n",
            escape(&self.title),
            escape(&self.signature),
            escape(&self.folder),
            facts(&self.facts),
            escape(self.diagram.trim_matches('\n')),
            part("report", &self.report),
            part("repro", &self.repro),
        )
    }
}

impl Reached {
    fn html(&self) -> String {
        let head = format!("{}: {} of {}", escape(&self.what), self.reached, self.of);
        if self.missing.is_empty() {
            return format!("<p>{head}</p>\n");
        }
        let missing = self.missing.iter().map(|m| escape(m)).collect::<Vec<_>>().join("\n");
        format!("<details><summary>{head}; not reached</summary><pre>{missing}</pre></details>\n")
    }
}

/// Size of a chart.
const WIDTH: f64 = 440.0;
const HEIGHT: f64 = 190.0;

impl Chart {
    fn svg(&self) -> String {
        let (left, right, top, bottom) = (8.0, 432.0, 24.0, 166.0);
        let most = |of: fn(&(f64, f64)) -> f64| self.points.iter().map(of).fold(0.0, f64::max).max(f64::MIN_POSITIVE);
        let (seconds, height) = (most(|p| p.0), most(|p| p.1));
        let x = |at: f64| left + (at / seconds).clamp(0.0, 1.0) * (right - left);
        let y = |value: f64| bottom - (value / height).clamp(0.0, 1.0) * (bottom - top);
        let start = std::iter::once((0.0, 0.0));
        let curve = start.chain(self.points.iter().copied()).map(|(at, v)| format!("{:.1},{:.1}", x(at), y(v)));
        let mut out = format!(
            "<figure>\n<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{title}\">\n\
             <text x=\"{left}\" y=\"14\">{title}: {}</text>\n\
             <line class=\"axis\" x1=\"{left}\" y1=\"{bottom}\" x2=\"{right}\" y2=\"{bottom}\"/>\n\
             <line class=\"axis\" x1=\"{left}\" y1=\"{top}\" x2=\"{left}\" y2=\"{bottom}\"/>\n\
             <text x=\"{left}\" y=\"182\">0</text>\n<text x=\"{right}\" y=\"182\" text-anchor=\"end\">{}</text>\n\
             <polyline class=\"curve\" points=\"{}\"/>\n",
            grouped(height.round() as u64),
            time(seconds),
            curve.collect::<Vec<_>>().join(" "),
            title = escape(&self.title),
        );
        for (at, what) in &self.marks {
            let (cx, cy) = (x(*at), y(self.value_at(*at)));
            out.push_str(&format!(
                "<circle class=\"mark\" cx=\"{cx:.1}\" cy=\"{cy:.1}\" r=\"4\"><title>{}, {}</title></circle>\n",
                escape(what),
                time(*at)
            ));
        }
        out + "</svg>\n</figure>\n"
    }

    /// On the line between two points.
    fn value_at(&self, at: f64) -> f64 {
        let after = self.points.partition_point(|p| p.0 < at);
        let (x0, y0) = after.checked_sub(1).map_or((0.0, 0.0), |i| self.points[i]);
        match self.points.get(after) {
            Some((x1, y1)) if *x1 > x0 => y0 + (y1 - y0) * (at - x0) / (x1 - x0),
            Some((_, y1)) => *y1,
            None => y0,
        }
    }
}

/// `1,234,567`.
pub fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `12.3 s`, `4 min 5 s`, `3 h 20 min`.
pub fn time(seconds: f64) -> String {
    let whole = seconds.max(0.0) as u64;
    match whole {
        0..60 => format!("{seconds:.1} s"),
        60..3600 => format!("{} min {} s", whole / 60, whole % 60),
        _ => format!("{} h {} min", whole / 3600, whole / 60 % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_times_are_readable() {
        assert_eq!([0, 999, 1000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!([0.25, 61.0, 3661.0].map(time), ["0.2 s", "1 min 1 s", "1 h 1 min"]);
    }

    #[test]
    fn marks_lie_on_the_curve() {
        let chart = Chart { title: String::new(), points: vec![(2.0, 10.0), (4.0, 30.0)], marks: Vec::new() };
        assert_eq!([0.0, 1.0, 2.0, 3.0, 4.0, 9.0].map(|at| chart.value_at(at)), [0.0, 5.0, 10.0, 20.0, 30.0, 30.0]);
        let empty = Chart { points: Vec::new(), ..chart };
        assert!(empty.svg().contains("<polyline"));
    }
}
