//! The tables, in Markdown.

use super::{Case, Row, Side};
use std::fmt::Write;

/// Programs that the best stock scheduler needs no more schedules for tell nothing apart.
const TRIVIAL: f64 = 5.0;

/// One row, for the eye.
pub fn line(row: &Row) -> String {
    let cpu = row.total(|t| t.cpu);
    let schedules = row.total(|t| t.schedules);
    let rate = schedules as f64 / cpu.max(1e-9);
    let points = row.total(|t| t.points) as f64 / schedules.max(1) as f64;
    let mut text =
        format!("{:36} {:12} {} · {rate:.0}/s · {points:.0} points · {cpu:.2} s", row.program, row.arm, cell(row));
    let (cut, panics) = (row.total(|t| t.cut), row.total(|t| u64::from(t.panicked)));
    if cut > 0 {
        write!(text, " · {cut} cut short").ok();
    }
    if panics > 0 {
        write!(text, " · {panics} panicked").ok();
    }
    text
}

fn figure(x: f64) -> String {
    match x {
        x if x < 9.95 => format!("{x:.1}"),
        x => format!("{x:.0}"),
    }
}

fn quantile(row: &Row, p: usize, of: usize) -> String {
    row.quantile(p, of).map_or("–".to_string(), |q| q.to_string())
}

/// Mean, median, quartiles, and in how many trials it was found if not in all.
fn cell(row: &Row) -> String {
    if row.found() == 0 {
        return format!("– (0/{})", row.trials.len());
    }
    let quartiles = [(1, 4), (1, 2), (3, 4)].map(|(p, of)| quantile(row, p, of));
    let missed = if row.solved() { String::new() } else { format!(" ({}/{})", row.found(), row.trials.len()) };
    format!("{} · {} ({}–{}){missed}", figure(row.mean()), quartiles[1], quartiles[0], quartiles[2])
}

fn geometric_mean(values: impl Iterator<Item = f64>) -> Option<(f64, usize)> {
    let (sum, n) = values.fold((0.0, 0), |(sum, n), v| (sum + v.ln(), n + 1));
    (n > 0).then(|| ((sum / n as f64).exp(), n))
}

struct Table<'a> {
    cases: Vec<&'a Case>,
    arms: Vec<(&'a str, Side)>,
    rows: &'a [Row],
}

impl<'a> Table<'a> {
    fn row(&self, case: &Case, arm: &str) -> Option<&'a Row> {
        self.rows.iter().find(|r| r.program == case.name && r.arm == arm)
    }

    fn of_side(&self, side: Side) -> impl Iterator<Item = &'a str> + '_ {
        self.arms.iter().filter(move |a| a.1 == side).map(|a| a.0)
    }

    /// The arm of a side that needs the fewest schedules.
    fn best(&self, case: &Case, side: Side) -> Option<&'a Row> {
        let rows = self.of_side(side).filter_map(|arm| self.row(case, arm));
        rows.min_by(|a, b| a.mean().total_cmp(&b.mean()))
    }

    /// What an arm needs as a part of what the best stock scheduler needs, with the program.
    fn against(&self, case: &'a Case, arm: &str) -> Option<(f64, &'a str)> {
        Some((self.row(case, arm)?.mean() / self.best(case, Side::Stock)?.mean(), case.name.as_str()))
    }

    /// Programs that the best stock scheduler needs more than a few schedules for.
    fn hard(&self) -> impl Iterator<Item = (&'a Case, &'a Row)> + '_ {
        let best = |c: &&'a Case| self.best(c, Side::Stock).map(|row| (*c, row));
        self.cases.iter().filter_map(best).filter(|(_, row)| row.mean() > TRIVIAL)
    }

    fn schedules(&self) -> String {
        let mut out = String::from("| program |");
        self.arms.iter().for_each(|a| write!(out, " {} |", a.0).unwrap_or_default());
        write!(out, "\n|---|{}\n", "---|".repeat(self.arms.len())).ok();
        for case in &self.cases {
            write!(out, "| {} |", label(case)).ok();
            for arm in &self.arms {
                write!(out, " {} |", self.row(case, arm.0).map_or(String::new(), cell)).ok();
            }
            out.push('\n');
        }
        out
    }

    /// Per arm: programs solved, schedules and CPU time, rate, and its geometric means.
    fn arms(&self) -> String {
        let mut out = String::from(
            "| arm | programs | solved in all trials | in some | schedules | CPU s | schedules/s | geometric mean \
             | against the best stock | at worst |\n|---|---|---|---|---|---|---|---|---|---|\n",
        );
        for (arm, _) in &self.arms {
            let rows: Vec<&Row> = self.cases.iter().filter_map(|c| self.row(c, arm)).collect();
            let (schedules, cpu) = (
                rows.iter().map(|r| r.total(|t| t.schedules)).sum::<u64>(),
                rows.iter().map(|r| r.total(|t| t.cpu)).sum::<f64>(),
            );
            let means = geometric_mean(self.hard().filter_map(|(c, _)| self.row(c, arm)).map(Row::mean));
            let ratios = self.hard().filter_map(|(c, best)| self.row(c, arm).map(|r| r.mean() / best.mean()));
            let worst = self.cases.iter().filter_map(|c| self.against(c, arm)).max_by(|a, b| a.0.total_cmp(&b.0));
            writeln!(
                out,
                "| {arm} | {} | {} | {} | {schedules} | {cpu:.1} | {:.0} | {} | {} | {} |",
                rows.len(),
                rows.iter().filter(|r| r.solved()).count(),
                rows.iter().filter(|r| r.found() > 0).count(),
                schedules as f64 / cpu.max(1e-9),
                means.map_or(String::new(), |(m, n)| format!("{} ({n})", figure(m))),
                geometric_mean(ratios).map_or(String::new(), |(r, _)| format!("{r:.3}")),
                worst.map_or(String::new(), |(r, name)| format!("{r:.1} ({name})")),
            )
            .ok();
        }
        out
    }

    /// Per program: the best of both sides.
    fn sides(&self) -> String {
        let mut out =
            String::from("| program | best stock | | best of ours | | ours / stock |\n|---|---|---|---|---|---|\n");
        let mut ratios = Vec::new();
        for case in &self.cases {
            let (stock, ours) = (self.best(case, Side::Stock), self.best(case, Side::Ours));
            let part = |row: Option<&Row>| {
                row.map_or("| ".to_string(), |r| {
                    let at_least = if r.solved() { "" } else { "≥ " };
                    format!("{} | {at_least}{}", r.arm, figure(r.mean()))
                })
            };
            let ratio = stock.zip(ours).map(|(s, o)| o.mean() / s.mean());
            if let (Some(ratio), Some(true)) = (ratio, stock.map(|s| s.mean() > TRIVIAL)) {
                ratios.push(ratio);
            }
            let ratio = ratio.map_or(String::new(), |r| format!("{r:.3}"));
            writeln!(out, "| {} | {} | {} | {ratio} |", label(case), part(stock), part(ours)).ok();
        }
        if let Some((mean, n)) = geometric_mean(ratios.into_iter()) {
            writeln!(out, "| geometric mean of {n} programs above {TRIVIAL} | | | | | {mean:.3} |").ok();
        }
        out
    }

    /// Beside what was published.
    fn published(&self) -> String {
        let mut out = String::from("| program | SURW | RFF | best of ours | | behind |\n|---|---|---|---|---|---|\n");
        for case in self.cases.iter().filter(|c| c.published.iter().any(Option::is_some)) {
            let Some(ours) = self.best(case, Side::Ours) else { continue };
            let names = ["SURW", "RFF"];
            let ahead = |(i, p): (usize, &Option<(u64, u32)>)| {
                let (mean, found) = (*p)?;
                let better = found > 0 && (!ours.solved() && found == 20 || (mean as f64) + 0.5 <= ours.mean());
                better.then(|| format!("{} {:.1}x", names[i], ours.mean() / mean as f64))
            };
            let behind: Vec<String> = case.published.iter().enumerate().filter_map(ahead).collect();
            let known = case.published.map(|p| match p {
                None => String::new(),
                Some((_, 0)) => "–".to_string(),
                Some((mean, 20)) => mean.to_string(),
                Some((mean, found)) => format!("{mean} ({found}/20)"),
            });
            writeln!(
                out,
                "| {} | {} | {} | {} | {} | {} |",
                label(case),
                known[0],
                known[1],
                ours.arm,
                cell(ours),
                behind.join(", ")
            )
            .ok();
        }
        out
    }

    /// Programs, and for how many arms of a side they are too hard.
    fn unsolved(&self) -> String {
        let mut out = String::new();
        for (side, name) in [(Side::Stock, "stock schedulers"), (Side::Ours, "strategies of ours")] {
            let missed = |c: &&&Case| {
                let mut rows = self.of_side(side).filter_map(|arm| self.row(c, arm)).peekable();
                rows.peek().is_some() && rows.all(|r| !r.solved())
            };
            let names: Vec<&str> = self.cases.iter().filter(missed).map(|c| c.name.as_str()).collect();
            let names = if names.is_empty() { "none".to_string() } else { names.join(", ") };
            writeln!(out, "Solved in all trials by none of the {name}: {names}.").ok();
        }
        for row in self.rows {
            let (cut, panics) = (row.total(|t| t.cut), row.total(|t| u64::from(t.panicked)));
            if cut + panics > 0 {
                let (program, arm) = (&row.program, &row.arm);
                writeln!(out, "{program} under {arm}: {cut} schedules cut short, {panics} searches panicked.").ok();
            }
        }
        out
    }
}

fn label(case: &Case) -> String {
    if case.suite.is_empty() { case.name.clone() } else { format!("{}/{}", case.suite, case.name) }
}

/// Every table there are rows for.
pub fn report(cases: &[Case], arms: &[(&str, Side)], rows: &[Row]) -> String {
    let table = Table {
        cases: cases.iter().filter(|c| rows.iter().any(|r| r.program == c.name)).collect(),
        arms: arms.iter().copied().filter(|a| rows.iter().any(|r| r.arm == a.0)).collect(),
        rows,
    };
    let trials = rows.iter().map(|r| r.trials.len()).max().unwrap_or(0);
    let mut out = format!(
        "Schedules to the first bug, {trials} trials: mean · median (quartiles), and the trials that found it if not all \
         did. Means count trials that found nothing with the schedules they ran.\n\n"
    );
    let parts = [table.schedules(), table.arms(), table.sides(), table.published(), table.unsolved()];
    out.push_str(&parts.join("\n"));
    out
}
