//! Whether a network learns where gradients are kept. It does so while it is trained: it drops values and takes the
//! statistics of the batch. Who asks for gradients of a finished network wants it as it is.

use std::cell::Cell;

use burn::tensor::Device;

thread_local! {
    static HELD: Cell<bool> = const { Cell::new(false) };
}

/// Whether networks on `device` learn.
pub fn is_on(device: &Device) -> bool {
    device.is_autodiff() && !HELD.get()
}

/// Does `work` with networks that do not learn on this thread, so that they say the same as where no gradients are kept.
pub fn held<T>(work: impl FnOnce() -> T) -> T {
    struct Release(bool);
    impl Drop for Release {
        fn drop(&mut self) {
            HELD.set(self.0);
        }
    }
    let _release = Release(HELD.replace(true));
    work()
}
