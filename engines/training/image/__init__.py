"""Training of the starter picture model: data, autoencoder, UNet, export."""
