//! Names of where a task is: the stack of modelled functions, and the primitive it is in.

use super::task::Task;
use super::{STACK_DEPTH, m};
use crate::vocab::{Field, Name};

/// Outside every modelled function.
pub static ROOT: Name = Name::new("op", "");

const fn field_names() -> [Name; Field::ALL.len()] {
    let mut t = [const { Name::new("", "") }; Field::ALL.len()];
    let mut i = 0;
    while i < t.len() {
        t[i] = Name::new(Field::ALL[i].name(), "");
        i += 1;
    }
    t
}
static FIELD_NAMES: [Name; Field::ALL.len()] = field_names();

/// The label of a direct access to `field`.
#[inline]
pub(super) fn field_name(field: Field) -> &'static Name {
    &FIELD_NAMES[field as usize]
}

/// On the stack while a function of `mm` runs; made by [`kfn!`](crate::kfn). Dropping it only pops.
pub struct Frame {
    func: &'static Name,
    label: Option<&'static Name>,
    task: &'static Task,
}

impl Frame {
    #[inline]
    pub fn enter(name: &'static Name) -> Frame {
        let m = m();
        if m.recording.get() {
            m.sink(|s| s.on_enter(name));
        }
        let t = &m.tasks[m.task()];
        let depth = t.depth.get();
        t.stack[depth.min(STACK_DEPTH - 1)].set(name);
        t.depth.set(depth + 1);
        Frame { func: t.func.replace(name), label: t.label.take(), task: t }
    }
}

impl Drop for Frame {
    #[inline]
    fn drop(&mut self) {
        let t = self.task;
        t.depth.set(t.depth.get() - 1);
        t.func.set(self.func);
        t.label.set(self.label);
    }
}

/// On the stack while a primitive of `linux` runs; made by [`prim!`](crate::prim). The outermost one since the function
/// began names the points inside.
pub struct Label {
    /// Where the label was set, if it was.
    set: Option<&'static Task>,
}

impl Label {
    #[inline]
    pub fn enter(name: &'static Name) -> Label {
        let m = m();
        let t = &m.tasks[m.task()];
        if t.label.get().is_some() {
            return Label { set: None };
        }
        t.label.set(Some(name));
        Label { set: Some(t) }
    }
}

impl Drop for Label {
    #[inline]
    fn drop(&mut self) {
        if let Some(t) = self.set {
            t.label.set(None);
        }
    }
}

/// First line of every function of `mm`: the name its points and stacks are reported under.
#[macro_export]
macro_rules! kfn {
    ($name:ident) => {
        static KFN: $crate::vocab::Name = $crate::vocab::Name::at(stringify!($name), file!(), line!());
        let _frame = $crate::machine::Frame::enter(&KFN);
    };
}

/// First line of a primitive of `linux` whose name should label the points inside.
#[macro_export]
macro_rules! prim {
    ($name:ident) => {
        static PRIM: $crate::vocab::Name = $crate::vocab::Name::new(stringify!($name), "");
        let _label = $crate::machine::Label::enter(&PRIM);
    };
}
