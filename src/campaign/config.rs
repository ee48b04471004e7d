//! What a run is made under, from the words of a command line or of the environment.

use crate::ops::{Arg, TABLE};
use crate::prog::{HEADER, Program, preset};
use crate::vocab::*;

/// A model in words. Empty: the default kernel as released.
#[derive(Clone, Debug, Default)]
pub struct ModelChoice {
    pub kernel: Option<String>,
    pub bugs: Vec<String>,
    pub fixes: Vec<String>,
    pub rcu_free: Option<bool>,
    pub irqoff_is_reader: Option<bool>,
}

impl ModelChoice {
    /// Whether nothing is chosen.
    pub fn is_empty(&self) -> bool {
        self.kernel.is_none()
            && self.bugs.is_empty()
            && self.fixes.is_empty()
            && self.rcu_free.is_none()
            && self.irqoff_is_reader.is_none()
    }

    /// The model. Bugs without a kernel choose the newest one they all apply to.
    pub fn model(&self) -> Result<Model, String> {
        let kernel = match &self.kernel {
            Some(name) => parse_kernel(name)?,
            None => self.newest_kernel()?,
        };
        self.changed(preset::model(kernel))
    }

    /// `model` with the choice applied: another kernel if one is named, bugs in, fixes out.
    pub fn apply(&self, model: Model) -> Result<Model, String> {
        match &self.kernel {
            Some(_) => self.model(),
            None => self.changed(model),
        }
    }

    fn changed(&self, mut model: Model) -> Result<Model, String> {
        for name in &self.bugs {
            let id = preset::find_bug_for(name, model.kernel)?;
            preset::put_in(&mut model, id);
        }
        for name in &self.fixes {
            let id = preset::find_bug_for(name, model.kernel)?;
            model.bugs = model.bugs - preset::bugs_of(id);
        }
        model.rcu_free = self.rcu_free.unwrap_or(model.rcu_free);
        model.irqoff_is_reader = self.irqoff_is_reader.unwrap_or(model.irqoff_is_reader);
        Ok(model)
    }

    fn newest_kernel(&self) -> Result<Kernel, String> {
        let fits = |k: &Kernel| self.bugs.iter().all(|b| preset::find_bug_for(b, *k).is_ok());
        if let Some(kernel) = [Kernel::DEFAULT].into_iter().chain(Kernel::ALL.into_iter().rev()).find(fits) {
            return Ok(kernel);
        }
        // Either one of them is unknown, or they have no kernel in common.
        for name in &self.bugs {
            if preset::find_bug(name).is_none() {
                preset::find_bug_for(name, Kernel::DEFAULT)?;
            }
        }
        Err(format!("no kernel takes all of {}: expected bugs that apply to one kernel", self.bugs.join(", ")))
    }
}

/// A kernel by its name.
fn parse_kernel(name: &str) -> Result<Kernel, String> {
    let known = || Kernel::ALL.map(Kernel::name).join(", ");
    Kernel::parse(name).ok_or_else(|| format!("no kernel `{}`: expected one of {}", name.escape_debug(), known()))
}

/// Numbers of the operations a list names: `a,b` those, `-a,-b` all but those.
pub fn find_ops(list: &str, kernel: Kernel) -> Result<Vec<u8>, String> {
    let words: Vec<&str> = list.split(',').map(str::trim).filter(|w| !w.is_empty()).collect();
    let only = words.iter().any(|w| !w.starts_with('-'));
    let mut chosen = [!only; 256];
    for word in &words {
        let name = word.strip_prefix('-').unwrap_or(word);
        let Some(i) = crate::ops::find(name) else {
            return Err(format!("no operation `{}`: expected names of `list ops`", name.escape_debug()));
        };
        chosen[i & 255] = !word.starts_with('-');
    }
    let has = |i: &usize| chosen[i & 255] && TABLE[*i].kernels.contains(&kernel);
    let ops: Vec<u8> = (0..TABLE.len().min(256)).filter(has).map(|i| i as u8).collect();
    if ops.is_empty() {
        return Err(format!("`{}` leaves no operation of {}", list.escape_debug(), kernel.name()));
    }
    Ok(ops)
}

/// Restricts programs to some operations.
#[derive(Clone, Debug)]
pub struct OpFilter {
    allowed: Vec<u8>,
}

impl OpFilter {
    /// `allowed` must not be empty ([`find_ops`] sees to that).
    pub fn new(allowed: Vec<u8>) -> OpFilter {
        OpFilter { allowed }
    }

    /// Replaces what is not allowed by something that is, aimed at the hot objects of the header the program was
    /// decoded
    /// from (empty for text: then operations keep what arguments they can).
    pub fn apply(&self, program: &mut Program, bytes: &[u8]) {
        let hot = bytes.get(2).filter(|_| bytes.len() > HEADER).copied().unwrap_or(0);
        for op in program.cpus.iter_mut().flatten().filter(|op| !self.allowed.contains(&op.code)) {
            let choice = op.code as usize + op.args[0] as usize;
            let Some(&code) = self.allowed.get(choice % self.allowed.len().max(1)) else { continue };
            op.code = code;
            let kinds = TABLE.get(code as usize).map_or(&[][..], |s| s.args);
            for (arg, (_, kind)) in op.args.iter_mut().zip(kinds) {
                *arg = match kind {
                    Arg::Mapping => (hot & 3) % MAPPINGS as u8,
                    Arg::Index | Arg::Addr => (hot >> 5) % SLOTS as u8,
                    Arg::Pfn => (hot >> 2 & 7) % (FOLIOS - 2) as u8,
                    Arg::Process | Arg::Cpu => *arg % kind.values(),
                    Arg::Count(_) | Arg::Mode(_) => *arg,
                };
            }
        }
        program.fix_up();
    }
}
