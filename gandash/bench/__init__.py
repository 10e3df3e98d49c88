"""How fast it is: `figures` measures, `rivals` are what training is compared with, `live` is a worker seen from outside."""
