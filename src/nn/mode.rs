//! Training and evaluation mode, as PyTorch's `train()` and `eval()`. Networks on an autodiff device are in training mode:
//! dropout is active and batch normalisation uses the statistics of the batch. To take gradients of a trained network,
//! run it in evaluation mode.

use std::cell::Cell;

use burn::tensor::Device;

thread_local! {
    static EVAL_MODE: Cell<bool> = const { Cell::new(false) };
}

/// Returns whether networks on `device` are in training mode.
pub fn is_training(device: &Device) -> bool {
    device.is_autodiff() && !EVAL_MODE.get()
}

/// Runs `work` with all networks of this thread in evaluation mode, so that their output equals that on a device without
/// autodiff.
pub fn in_eval_mode<T>(work: impl FnOnce() -> T) -> T {
    struct Restore(bool);
    impl Drop for Restore {
        fn drop(&mut self) {
            EVAL_MODE.set(self.0);
        }
    }
    let _restore = Restore(EVAL_MODE.replace(true));
    work()
}
