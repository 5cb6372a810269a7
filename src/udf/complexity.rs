//! How long a function may keep the compiler busy, from its shape.
//!
//! The compiler's time grows with a function's size, and beyond that with three things, which were measured: loops inside each other
//! (300 of them take 5 s, in 3 KB), values on the operand stack at the same time (10,000 take 2 s), and locals that are alive
//! across many branches (1,000 over 20,000 take 10 s and 800 MB). A compilation can't be cancelled, so these are bounded before it starts.

use wasmparser::Operator;

/// Loops inside each other in one function.
pub(crate) const MAX_LOOP_NESTING: usize = 32;
/// Values on the operand stack of one function at the same time.
pub(crate) const MAX_OPERANDS: u32 = 2_048;
/// Values that may go over branches in one function: each branch counts the locals, and what is on the stack. Compiling takes up to a microsecond for each. A Go program of 2.6 MB has no function above
/// 200,000.
pub(crate) const MAX_BRANCH_VALUES: u64 = 2 << 20;
/// The same over all functions of a module. That program has 1.2 million.
pub(crate) const MAX_MODULE_BRANCH_VALUES: u64 = 32 << 20;
/// A loop is as dear as so many other branches: each local may have another value each time round.
const LOOP_COST: u64 = 32;

/// Adds up what a module's functions cost. One for a module.
#[derive(Debug, Default)]
pub(crate) struct Complexity {
    /// Of the current function: its locals, its open blocks, which are loops or not, and its cost so far.
    locals: u64,
    blocks: Vec<bool>,
    loops: usize,
    cost: u64,
    /// Of the functions before.
    total: u64,
}

impl Complexity {
    /// Begins a function that has so many locals.
    pub(crate) fn start(&mut self, locals: usize) {
        self.locals = u64::try_from(locals).unwrap_or(u64::MAX);
        self.blocks.clear();
        self.loops = 0;
        self.total = self.total.saturating_add(self.cost);
        self.cost = 0;
    }

    /// Takes in an instruction, which leaves `operands` values on the stack.
    ///
    /// # Errors
    /// What there is too much of.
    pub(crate) fn instruction(
        &mut self,
        operator: &Operator<'_>,
        operands: u32,
    ) -> Result<(), String> {
        let branches = match operator {
            Operator::Block { .. } | Operator::If { .. } => {
                self.blocks.push(false);
                1
            }
            Operator::Loop { .. } => {
                self.blocks.push(true);
                self.loops += 1;
                LOOP_COST
            }
            Operator::End => {
                if self.blocks.pop() == Some(true) {
                    self.loops -= 1;
                }
                0
            }
            Operator::Else | Operator::Br { .. } | Operator::BrIf { .. } => 1,
            Operator::BrTable { targets } => u64::from(targets.len()) + 1,
            _ => 0,
        };
        if self.loops > MAX_LOOP_NESTING {
            return Err(format!("loops nested deeper than {MAX_LOOP_NESTING}"));
        }
        if operands > MAX_OPERANDS {
            return Err(format!("more than {MAX_OPERANDS} values on its stack"));
        }
        let values = self.locals.saturating_add(u64::from(operands));
        self.cost = self.cost.saturating_add(branches.saturating_mul(values));
        if self.cost > MAX_BRANCH_VALUES {
            return Err(format!(
                "too many branches for its number of locals: their product is above {MAX_BRANCH_VALUES}"
            ));
        }
        if self.total.saturating_add(self.cost) > MAX_MODULE_BRANCH_VALUES {
            return Err(format!(
                "with the functions before it more than {MAX_MODULE_BRANCH_VALUES} branches times locals"
            ));
        }
        Ok(())
    }
}
