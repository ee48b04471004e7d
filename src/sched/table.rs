//! The strategies by name: what `--sched` takes and `list scheds` prints.

use super::world::{Ask, Needs, Strategy, World};
use super::{Dfs, MAX_SCATTERED, Mix, Pct, Pos, Profile, Race, RandomWalk, ReadsFrom, Subject, Surw, Urw};

/// What a parameter may be.
#[derive(Clone, Copy, Debug)]
pub enum Values {
    /// A number from the first to the second; the third if nothing is said.
    Number(u32, u32, u32),
    /// One of these words, as its number; the first if nothing is said.
    Word(&'static [&'static str]),
}

impl Values {
    fn default(self) -> u32 {
        match self {
            Values::Number(_, _, default) => default,
            Values::Word(_) => 0,
        }
    }

    fn parse(self, text: &str) -> Option<u32> {
        match self {
            Values::Number(least, most, _) => text.parse().ok().filter(|n| (least..=most).contains(n)),
            Values::Word(words) => words.iter().position(|w| *w == text).map(|i| i as u32),
        }
    }

    /// In words: `1..100, default 50`.
    pub fn text(self) -> String {
        match self {
            Values::Number(least, most, default) => format!("{least}..{most}, default {default}"),
            Values::Word(words) => format!("{}, default {}", words.join("|"), words[0]),
        }
    }
}

/// A parameter of a strategy.
#[derive(Clone, Copy, Debug)]
pub struct Param {
    pub name: &'static str,
    pub values: Values,
}

/// How a strategy of the table is made.
#[derive(Clone, Copy)]
enum Make {
    /// It is part of the inner loop, or runs what a program holds.
    Chosen(fn(&[u32]) -> Chosen),
    Strategy(fn(&[u32]) -> Any),
    /// Only this verb uses it.
    Verb(&'static str),
}

/// One strategy.
pub struct Spec {
    pub name: &'static str,
    pub params: &'static [Param],
    pub doc: &'static str,
    make: Make,
}

impl Spec {
    /// `pct:d`.
    pub fn usage(&self) -> String {
        self.params.iter().fold(self.name.to_string(), |text, p| format!("{text}:{}", p.name))
    }

    /// Whether a hunt can use it.
    pub fn hunts(&self) -> bool {
        !matches!(self.make, Make::Verb(_))
    }
}

const fn number(name: &'static str, least: u32, most: u32, default: u32) -> Param {
    Param { name, values: Values::Number(least, most, default) }
}

const SUBJECTS: [Subject; 4] = [Subject::Any, Subject::Cell, Subject::Object, Subject::Lock];

/// Every strategy.
pub const SCHEDS: &[Spec] = &[
    Spec {
        name: "preempt",
        params: &[],
        doc: "run to block, with preemptions at named or numbered points: what programs hold, and replay follows",
        make: Make::Chosen(|_| Chosen::Own),
    },
    Spec {
        name: "scatter",
        params: &[number("most", 1, 16, MAX_SCATTERED)],
        doc: "preempt, with up to so many preemptions spread over the points of the first run",
        make: Make::Chosen(|p| Chosen::Scatter(p[0])),
    },
    Spec {
        name: "random",
        params: &[number("percent", 1, 100, 100)],
        doc: "at every point, with this probability, any task that can go on",
        make: Make::Strategy(|p| Any::Random(RandomWalk::new(0, (p[0] * 65_535 / 100) as u16))),
    },
    Spec {
        name: "pct",
        params: &[number("d", 1, 64, 3)],
        doc: "random priorities of the tasks; at d - 1 random points the running task falls behind all others",
        make: Make::Strategy(|p| Any::Pct(Pct::new(p[0]))),
    },
    Spec {
        name: "urw",
        params: &[],
        doc: "each task by the points it has left, as earlier runs have shown: interleavings are evenly likely",
        make: Make::Strategy(|_| Any::Urw(Urw::new())),
    },
    Spec {
        name: "pos",
        params: &[],
        doc: "random priorities of the pending accesses, drawn anew for those that race with the one made",
        make: Make::Strategy(|_| Any::Pos(Pos::new())),
    },
    Spec {
        name: "surw",
        params: &[Param { name: "of", values: Values::Word(&["any", "cell", "object", "lock"]) }],
        doc: "as urw, of the accesses to one field, one object or one lock, drawn for each run; random elsewhere",
        make: Make::Strategy(|p| Any::Surw(Surw::new(SUBJECTS[p[0] as usize]))),
    },
    Spec {
        name: "rf",
        params: &[number("most", 1, 4, 2)],
        doc: "up to so many new constraints a run, which read sees which write; pos elsewhere",
        make: Make::Strategy(|p| Any::ReadsFrom(ReadsFrom::new(p[0]))),
    },
    Spec {
        name: "race",
        params: &[number("most", 1, 8, 3)],
        doc: "up to so many tasks stop before a racing access, until another has made one that conflicts, or none can",
        make: Make::Strategy(|p| Any::Race(Race::new(p[0]))),
    },
    Spec {
        name: "mix",
        params: &[],
        doc: "random:10, pct:2, pct:3, pct:5, race, surw, rf and pos in turns, at random",
        make: Make::Strategy(|_| Any::Mix(mix())),
    },
    Spec {
        name: "portfolio",
        params: &[],
        doc: "scatter and what mix has, divided by what each found lately for programs of the kind: what hunt uses",
        make: Make::Chosen(|_| Chosen::Portfolio(mix())),
    },
    Spec {
        name: "dfs",
        params: &[number("depth", 1, 100_000, 1_000)],
        doc: "every sequence of the first so many choices, depth first; the default order from there",
        make: Make::Strategy(|p| Any::Dfs(Dfs::new(p[0]))),
    },
    Spec {
        name: "dpor",
        params: &[],
        doc: "one interleaving of each class with the same happens-before, exhaustively: prove",
        make: Make::Verb("prove"),
    },
    Spec {
        name: "bounded",
        params: &[],
        doc: "every interleaving with at most so many preemptions, exhaustively: prove --preemptions",
        make: Make::Verb("prove --preemptions"),
    },
];

/// What a hunt's inner loop runs its programs under.
#[allow(clippy::large_enum_variant)] // there is one, for ever
pub enum Chosen {
    /// The program's own schedule alone.
    Own,
    /// Scattered preemptions, at most so many.
    Scatter(u32),
    Strategy(Any),
    /// Scattered preemptions and these.
    Portfolio(Mix),
}

impl Default for Chosen {
    fn default() -> Chosen {
        Chosen::Portfolio(mix())
    }
}

/// What complements one another: few and many preemptions, at any point, at racing ones, and by what is read.
fn mix() -> Mix {
    Mix::new(vec![
        Any::Random(RandomWalk::new(0, (10 * 65_535 / 100) as u16)),
        Any::Pct(Pct::new(2)),
        Any::Pct(Pct::new(3)),
        Any::Pct(Pct::new(5)),
        Any::Race(Race::new(3)),
        Any::Surw(Surw::new(Subject::Any)),
        Any::ReadsFrom(ReadsFrom::new(2)),
        Any::Pos(Pos::new()),
    ])
}

/// The strategy a text names: `pos`, `pct:5`. An error says in one line what was expected.
pub fn parse(text: &str) -> Result<Chosen, String> {
    let mut words = text.split([':', ',']);
    let name = words.next().unwrap_or_default();
    let spec = SCHEDS.iter().find(|s| s.name == name).ok_or_else(|| {
        let names: Vec<&str> = SCHEDS.iter().filter(|s| s.hunts()).map(|s| s.name).collect();
        format!("no scheduler `{name}`: expected one of {}; see `list scheds`", names.join(", "))
    })?;
    if let Make::Verb(verb) = spec.make {
        return Err(format!("scheduler `{name}` is that of `{verb}`; see `list scheds`"));
    }
    let words: Vec<&str> = words.collect();
    if words.len() > spec.params.len() {
        let expected = if spec.params.is_empty() { "no parameter".to_string() } else { spec.usage() };
        return Err(format!("scheduler `{text}`: expected {expected}"));
    }
    let mut values = Vec::new();
    for (i, param) in spec.params.iter().enumerate() {
        values.push(match words.get(i) {
            None => param.values.default(),
            Some(word) => param
                .values
                .parse(word)
                .ok_or_else(|| format!("scheduler `{text}`: expected {} of {}", param.name, param.values.text()))?,
        });
    }
    Ok(match spec.make {
        Make::Chosen(make) => make(&values),
        Make::Strategy(make) => Chosen::Strategy(make(&values)),
        Make::Verb(_) => Chosen::Own,
    })
}

macro_rules! any {
    ($($name:ident($strategy:ty),)+) => {
        /// One of the strategies that choose at every point, known at run time only.
        #[allow(clippy::large_enum_variant)] // there is one for each search
        pub enum Any { $($name($strategy),)+ }

        impl Strategy for Any {
            fn begin(&mut self, seed: u64, profile: &Profile) {
                match self { $(Any::$name(s) => s.begin(seed, profile),)+ }
            }

            #[inline]
            fn pick<W: World>(&mut self, world: &W, ask: &Ask) -> usize {
                match self { $(Any::$name(s) => s.pick(world, ask),)+ }
            }

            fn end(&mut self, profile: &Profile, complete: bool) {
                match self { $(Any::$name(s) => s.end(profile, complete),)+ }
            }

            fn load(&mut self) {
                match self { $(Any::$name(s) => s.load(),)+ }
            }

            fn needs(&self) -> Needs {
                match self { $(Any::$name(s) => s.needs(),)+ }
            }

            fn exhausted(&self) -> bool {
                match self { $(Any::$name(s) => s.exhausted(),)+ }
            }
        }
    };
}

any! {
    Random(RandomWalk),
    Pct(Pct),
    Urw(Urw),
    Pos(Pos),
    Surw(Surw),
    ReadsFrom(ReadsFrom),
    Race(Race),
    Dfs(Dfs),
    Mix(Mix),
}

impl Any {
    /// The strategy a text names, if it is one that chooses at every point.
    pub fn parse(text: &str) -> Result<Any, String> {
        match parse(text)? {
            Chosen::Strategy(any) => Ok(any),
            _ => Err(format!("scheduler `{text}` works on what a program holds")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_parameters() {
        assert!(matches!(parse("pct:5"), Ok(Chosen::Strategy(Any::Pct(_)))));
        assert!(matches!(parse("surw:lock"), Ok(Chosen::Strategy(Any::Surw(_)))));
        assert!(matches!(parse("scatter"), Ok(Chosen::Scatter(MAX_SCATTERED))));
        for wrong in ["", "nothing", "pct:0", "pct:x", "pct:3:4", "pos:1", "surw:all", "dpor", "rf:", "random:101"] {
            let message = parse(wrong).err().expect("it is refused");
            assert!(message.contains(wrong.split(':').next().unwrap_or_default()) && !message.contains('\n'));
        }
    }

    #[test]
    fn defaults_are_in_range() {
        for param in SCHEDS.iter().flat_map(|s| s.params) {
            let Values::Number(least, most, default) = param.values else { continue };
            assert!((least..=most).contains(&default));
        }
    }
}
