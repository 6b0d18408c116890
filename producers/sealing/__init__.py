"""Sealing: what the log holds, hashed into trees and signed; and the proofs made from them."""
