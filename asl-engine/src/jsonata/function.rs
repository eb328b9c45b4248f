//! Functions as values: those of the language, lambdas, and what is made of them.

use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;

use super::ast::{Node, TransformNode};
use super::datum::Datum;
use super::error::JsonataError;
use super::evaluate::Evaluator;
use super::regex::{Place, Regex};
use super::signature::Signature;

/// Something that can be called.
pub(super) enum Function {
    /// A function of the language.
    Native(&'static Native),
    /// `function($x){ … }`
    Lambda(Lambda),
    /// `f(?, 1)`: a function with some arguments given; `None` is a gap.
    Partial { function: Datum, arguments: Vec<Option<Datum>>, depth: usize },
    /// `f ~> g`
    Chain { first: Datum, second: Datum, depth: usize },
    /// `/pattern/flags`, which finds matches in a text.
    Regex(Arc<Regex>),
    /// What a match gives as `next`: finds the one after it.
    NextMatch { regex: Arc<Regex>, text: Arc<str>, from: Place },
    /// `$eval`, which reads and evaluates a text where it is called.
    Eval,
    /// `|pattern|update,delete|`
    Transform { node: Arc<TransformNode>, scope: Rc<Scope> },
}

/// A function of the language.
pub(super) struct Native {
    /// Its name, without `$`.
    pub(super) name: &'static str,
    /// What arguments it takes.
    pub(super) signature: Signature,
    /// How many parameters it has, as far as `$map`, `$filter` and the like ask for it.
    pub(super) arity: usize,
    /// Its work, with arguments that fit the signature.
    pub(super) run: Run,
}

/// The work of a function of the language.
pub(super) type Run = fn(&mut Evaluator<'_>, Vec<Datum>) -> Result<Datum, JsonataError>;

/// A lambda with the scope it was made in.
pub(super) struct Lambda {
    pub(super) parameters: Arc<[Arc<str>]>,
    pub(super) signature: Option<Arc<Signature>>,
    pub(super) body: Arc<Node>,
    pub(super) scope: Rc<Scope>,
    /// What `$` was where it was made.
    pub(super) input: Datum,
    /// Whether it stands for a call in tail position, which is still to be made.
    pub(super) thunk: bool,
}

/// The variables of a block or a call.
#[derive(Default)]
pub(super) struct Scope {
    pub(super) variables: RefCell<Vec<(Arc<str>, Datum)>>,
    pub(super) parent: Option<Rc<Scope>>,
}

impl Scope {
    pub(super) fn inside(parent: &Rc<Self>) -> Rc<Self> {
        Self::with_room(parent, 0)
    }

    /// A scope for so many variables.
    pub(super) fn with_room(parent: &Rc<Self>, variables: usize) -> Rc<Self> {
        Rc::new(Self { variables: RefCell::new(Vec::with_capacity(variables)), parent: Some(parent.clone()) })
    }

    pub(super) fn bind(&self, name: &Arc<str>, value: Datum) {
        let mut variables = self.variables.borrow_mut();
        match variables.iter_mut().find(|(known, _)| known == name) {
            Some((_, old)) => *old = value,
            None => variables.push((name.clone(), value)),
        }
    }

    /// The value of a variable, here or in a scope around it.
    pub(super) fn find(&self, name: &str) -> Option<Datum> {
        let mut scope = self;
        loop {
            if let Some((_, value)) = scope.variables.borrow().iter().find(|(known, _)| &**known == name) {
                return Some(value.clone());
            }
            scope = scope.parent.as_deref()?;
        }
    }
}

impl Function {
    /// How many arguments it takes, as far as `$map`, `$filter` and the like ask for it.
    pub(super) fn arity(&self) -> usize {
        match self {
            Self::Native(native) => native.arity,
            Self::Lambda(lambda) => lambda.parameters.len(),
            Self::Partial { arguments, .. } => arguments.iter().filter(|argument| argument.is_none()).count(),
            Self::Chain { .. } | Self::Transform { .. } => 1,
            // The second one is where to start.
            Self::Regex(_) => 2,
            Self::NextMatch { .. } => 0,
            Self::Eval => 2,
        }
    }

    /// How many functions it is made of.
    pub(super) fn depth(&self) -> usize {
        match self {
            Self::Partial { depth, .. } | Self::Chain { depth, .. } => *depth,
            _ => 0,
        }
    }
}

impl fmt::Debug for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Native(native) => write!(f, "${}", native.name),
            Self::Lambda(lambda) => write!(f, "function/{}", lambda.parameters.len()),
            Self::Partial { .. } => f.write_str("partial"),
            Self::Chain { .. } => f.write_str("chain"),
            Self::Regex(_) => f.write_str("regex"),
            Self::NextMatch { .. } => f.write_str("next"),
            Self::Eval => f.write_str("$eval"),
            Self::Transform { .. } => f.write_str("transform"),
        }
    }
}
