"""The law, loaded: workflow files become checked, frozen values that the engine decides with."""
