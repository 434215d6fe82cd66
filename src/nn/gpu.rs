//! Graphics processors.

/// Why a GPU is not used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GpuError {
    /// There is none, or it lacks something that is needed.
    #[error("there is no suitable graphics processor ({0})")]
    Missing(String),
    /// It stopped, or its output is wrong.
    #[error("the graphics processor stopped ({0})")]
    Failed(String),
}

impl GpuError {
    /// A short, stable name for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Missing(_) => "gpu-missing",
            Self::Failed(_) => "gpu-failed",
        }
    }
}

#[cfg(feature = "webgpu")]
pub use open::Gpu;

#[cfg(feature = "webgpu")]
mod open {
    use std::sync::{Arc, Mutex, PoisonError};

    use burn::backend::DispatchDevice;
    use burn::cubecl::client::Client;
    use burn::tensor::Device;
    use burn::tensor::wgpu::wgpu::{
        self, Adapter, DeviceDescriptor, Features, Instance, RequestAdapterOptions,
    };
    use burn::tensor::wgpu::{MemoryConfiguration, WgpuSetup};

    use super::GpuError;

    /// A GPU through wgpu: WebGPU in a browser, elsewhere Vulkan, Metal or Direct3D 12. Its memory is freed when the last
    /// copy is dropped.
    #[derive(Clone)]
    pub struct Gpu(Arc<Opened>);

    struct Opened {
        device: Device,
        client: Client,
        handle: wgpu::Device,
        name: String,
        failure: Failure,
    }

    impl Gpu {
        /// Opens the GPU that the system prefers.
        ///
        /// # Errors
        /// [`GpuError::Missing`] if there is none, or it lacks timestamps, without which burn's runtime panics.
        pub async fn open() -> Result<Self, GpuError> {
            let missing = |error: &dyn std::fmt::Display| GpuError::Missing(error.to_string());
            let instance = Instance::default();
            let adapter = instance.request_adapter(&RequestAdapterOptions::default()).await;
            // The error lists what wgpu was built without.
            let adapter = adapter.map_err(|_| missing(&"none was found"))?;
            if !adapter.features().contains(Features::TIMESTAMP_QUERY) {
                return Err(missing(&"it has no timestamp-query"));
            }
            let descriptor = DeviceDescriptor {
                // CubeCL uses whatever the adapter offers.
                required_features: adapter.features()
                    - Features::MAPPABLE_PRIMARY_BUFFERS
                    - Features::all_experimental_mask(),
                required_limits: adapter.limits(),
                ..Default::default()
            };
            let (handle, queue) =
                adapter.request_device(&descriptor).await.map_err(|error| missing(&error))?;
            let setup = WgpuSetup {
                instance,
                backend: adapter.get_info().backend,
                device: handle.clone(),
                queue,
                adapter: adapter.clone(),
            };
            let device = Device::wgpu_options()
                // A buffer for each allocation: one that is written may not be bound for reading, too.
                .memory_config(MemoryConfiguration::ExclusivePages)
                .setup(setup)
                .init()
                .map_err(|error| missing(&error))?;
            let client = match device.as_dispatch() {
                DispatchDevice::Cube(device) => device.client(),
                #[allow(unreachable_patterns)] // The only one in the browser's engine for GPUs.
                _ => unreachable!("wgpu is one of CubeCL's runtimes"),
            };
            let failure = Failure::default();
            let [wrong, lost] = [failure.clone(), failure.clone()];
            // After the set-up, whose own callback panics.
            handle.on_uncaptured_error(Arc::new(move |error: wgpu::Error| wrong.set(error.to_string())));
            handle.set_device_lost_callback(move |_, detail| lost.set(detail));
            Ok(Self(Arc::new(Opened { device, client, handle, name: name(&adapter), failure })))
        }

        /// The device of burn's tensors.
        pub fn device(&self) -> &Device {
            &self.0.device
        }

        /// The client for kernels of our own.
        pub fn client(&self) -> &Client {
            &self.0.client
        }

        /// Its name and the interface to it, for people.
        pub fn name(&self) -> &str {
            &self.0.name
        }

        /// Whether it works.
        ///
        /// # Errors
        /// [`GpuError::Failed`] with the first error since it was opened.
        pub fn check(&self) -> Result<(), GpuError> {
            self.0.failure.message().map_or(Ok(()), |detail| Err(GpuError::Failed(detail)))
        }
    }

    impl Drop for Opened {
        /// burn keeps the device, and never frees its buffers.
        fn drop(&mut self) {
            self.handle.destroy();
        }
    }

    fn name(adapter: &Adapter) -> String {
        let info = adapter.get_info();
        format!("{} ({:?})", info.name, info.backend)
    }

    /// The message of the first error.
    #[derive(Clone, Default)]
    struct Failure(Arc<Mutex<Option<String>>>);

    impl Failure {
        fn set(&self, detail: String) {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(detail);
        }

        fn message(&self) -> Option<String> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
        }
    }
}
