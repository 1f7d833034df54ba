nodemem help usage
