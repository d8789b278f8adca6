Feature: Nobody makes a colleague alone
  Who gives out accounts could give them to herself. A second person looks first.

  Scenario: An administrator cannot make a colleague alone
    Given Olga, an administrator, asks for Max to be let in for finance
    Then Max has no account
    And Olga cannot confirm it herself
    When Sam, a supervisor, confirms that Max is meant
    Then Max may begin with the code that Sam was shown
    And Olga was shown no code
